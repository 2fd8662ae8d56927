import { isObject } from '../cfn/template.ts';
import type { Resolved } from '../scenarios/unknown.ts';
import { isUnreachable } from './clients.ts';
import { type LiveResource, reasonOf } from './live/reading.ts';

export interface CopyVerdict {
  /** Vault and region, or the rule where the vault is not known. */
  destination: string;
  verdict: 'works' | 'fails' | 'unknown' | 'not-read';
  message: string;
}

/** Each vault that a backup plan copies to, once: whether it is there, and under a key that works. */
export async function judgeCopies({ target, account, stated }: LiveResource): Promise<CopyVerdict[]> {
  const destinations = new Map<string, string>();
  const open: CopyVerdict[] = [];
  for (const rule of rulesOf(stated.BackupPlan as Resolved)) {
    for (const copy of listOf(rule.CopyActions)) {
      const arn = isObject(copy) ? copy.DestinationBackupVaultArn : undefined;
      if (typeof arn === 'string') destinations.set(arn, String(rule.RuleName));
      else
        open.push({
          destination: `rule ${rule.RuleName}`,
          verdict: 'unknown',
          message: 'the vault that it copies to is not known',
        });
    }
  }
  const judged = await Promise.all([...destinations.keys()].map((arn) => judgeCopy(arn, target, account)));
  return [...judged, ...open];
}

async function judgeCopy(arn: string, target: LiveResource['target'], account: string): Promise<CopyVerdict> {
  const [, , service, region = '', owner, kind, name = ''] = arn.split(':');
  if (service !== 'backup' || kind !== 'backup-vault' || name === '')
    return { destination: arn, verdict: 'fails', message: `${arn} is no ARN of a backup vault` };
  const destination = `${name} in ${region}`;
  if (owner !== account)
    return { destination, verdict: 'not-read', message: `it belongs to account ${owner}, this is ${account}` };
  const there = { ...target, region };
  try {
    const { describeVault } = await import('./live/backup.ts');
    const vault = await describeVault(there, name);
    if (!vault) return { destination, verdict: 'fails', message: 'the vault is not there: copies fail' };
    if (!vault.EncryptionKeyArn)
      return { destination, verdict: 'unknown', message: 'the vault is there; it tells no key' };
    const { describeKey } = await import('./live/kms.ts');
    const key = await describeKey(there, vault.EncryptionKeyArn);
    if (!key) return { destination, verdict: 'fails', message: `its key ${vault.EncryptionKeyArn} is not there` };
    if (key.KeyState !== 'Enabled')
      return { destination, verdict: 'fails', message: `its key ${vault.EncryptionKeyArn} is ${key.KeyState}` };
    const keeper = key.KeyManager === 'AWS' ? ' of AWS' : '';
    return { destination, verdict: 'works', message: `the vault is there, under the key${keeper} ${key.KeyId}` };
  } catch (error) {
    if (isUnreachable(error)) throw error;
    return { destination, verdict: 'not-read', message: reasonOf(error) };
  }
}

function rulesOf(plan: Resolved | undefined): Record<string, Resolved>[] {
  const rules = isObject(plan) ? (plan as Record<string, Resolved>).BackupPlanRule : undefined;
  return listOf(rules).filter((rule): rule is Record<string, Resolved> => isObject(rule));
}

function listOf(value: Resolved | undefined): Resolved[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
