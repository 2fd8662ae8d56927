import type { LiveResource } from './live/reading.ts';

/** Something that no property states and that a resource without it does not do its work. */
export interface OperatingState {
  /** What is judged: `compliance`, `recording`, `delivery`, `state`, `confirmation`. */
  name: string;
  verdict: 'works' | 'fails' | 'unknown';
  message: string;
}

type Judge = (resource: LiveResource) => Promise<OperatingState>;

/** By type; the service's code is loaded with the first resource that needs it. */
const JUDGES: Readonly<Record<string, Judge>> = {
  'AWS::Config::ConfigRule': async ({ target, physicalId }) => {
    const { complianceOf } = await import('./live/config.ts');
    const { type, offenders } = await complianceOf(target, physicalId);
    if (type === 'COMPLIANT') return works('compliance', 'COMPLIANT');
    if (type === 'NON_COMPLIANT') {
      const count = offenders >= 25 ? '25 or more resources' : `${offenders} resource${offenders === 1 ? '' : 's'}`;
      return { name: 'compliance', verdict: 'fails', message: `NON_COMPLIANT: ${count} break the rule` };
    }
    return { name: 'compliance', verdict: 'unknown', message: `${type ?? 'no compliance is given'}: not evaluated` };
  },
  'AWS::Config::ConfigurationRecorder': async ({ target, physicalId }) => {
    const { recorderStatus } = await import('./live/config.ts');
    const status = await recorderStatus(target, physicalId);
    if (!status) return { name: 'recording', verdict: 'unknown', message: 'AWS Config gives no status' };
    if (!status.recording) return { name: 'recording', verdict: 'fails', message: 'the recorder is stopped' };
    return delivered('recording', 'it records', status);
  },
  'AWS::Config::DeliveryChannel': async ({ target, physicalId }) => {
    const { deliveryStatus } = await import('./live/config.ts');
    const status = await deliveryStatus(target, physicalId);
    return delivered('delivery', 'history is delivered', status?.configHistoryDeliveryInfo ?? {});
  },
  'AWS::KMS::Key': async ({ target, physicalId, stated }) => {
    const { describeKey } = await import('./live/kms.ts');
    const key = await describeKey(target, physicalId);
    if (key?.KeyState === 'Enabled' || String(stated.Enabled) === 'false') return works('state', `${key?.KeyState}`);
    return {
      name: 'state',
      verdict: 'fails',
      message: `the key is ${key?.KeyState}: nothing can be decrypted with it`,
    };
  },
  'AWS::SNS::Subscription': async (resource) => {
    const { subscriptionAttributes } = await import('./live/sns.ts');
    const attributes = await subscriptionAttributes(resource.target, resource);
    if (attributes?.PendingConfirmation !== 'true') return works('confirmation', 'confirmed');
    return { name: 'confirmation', verdict: 'fails', message: 'it waits to be confirmed: nobody is told anything' };
  },
};

/** Undefined where nothing beyond its settings is known of the type. */
export function judgeOf(type: string): Judge | undefined {
  return Object.hasOwn(JUDGES, type) ? JUDGES[type] : undefined;
}

function works(name: string, message: string): OperatingState {
  return { name, verdict: 'works', message };
}

function delivered(
  name: string,
  message: string,
  status: { lastStatus?: string; lastErrorCode?: string; lastErrorMessage?: string },
): OperatingState {
  const said = status.lastStatus?.toUpperCase();
  if (said === 'SUCCESS' || said === 'NOT_APPLICABLE') return works(name, message);
  if (said === 'FAILURE') {
    const reason = [status.lastErrorCode, status.lastErrorMessage].filter(Boolean).join(': ');
    return { name, verdict: 'fails', message: `the last delivery failed: ${reason || 'no reason given'}` };
  }
  return { name, verdict: 'unknown', message: said === undefined ? 'nothing was delivered yet' : `it is ${said}` };
}
