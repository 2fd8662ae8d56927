import type { Finding } from '../cfn/errors.ts';
import { nearestMatch } from '../cfn/errors.ts';
import { isObject, type Json, type Path, type Template } from '../cfn/template.ts';
import { entriesOf } from '../scenarios/entries.ts';

/** A control that need not hold for a resource, and who answers for that until when. */
export interface Waiver {
  readonly control: string;
  readonly resource: string;
  readonly reason: string;
  readonly owner: string;
  /** The last day on which it counts: `2027-03-31`. */
  readonly expires: string;
  /** Where it is written. */
  readonly file?: string;
  readonly path: Path;
}

export interface Waivers {
  readonly waivers: readonly Waiver[];
  /** CFN530 a waiver that is incomplete. */
  readonly findings: readonly Finding[];
}

const MEMBERS = ['control', 'reason', 'owner', 'expires'] as const;

/**
 * The waivers that resources carry in their `Metadata`:
 *
 *     Metadata:
 *       plainform:
 *         waivers:
 *           - {control: S3.7, reason: The copy is made by AWS Backup., owner: platform, expires: 2027-03-31}
 */
export function waiversInMetadata(template: Template): Waivers {
  const waivers: Waiver[] = [];
  const findings: Finding[] = [];
  for (const [resource, body] of entriesOf(template.Resources)) {
    const own = isObject(body.Metadata) ? body.Metadata.plainform : undefined;
    const list = isObject(own) ? own.waivers : undefined;
    if (list === undefined) continue;
    const path = ['Resources', resource, 'Metadata', 'plainform', 'waivers'];
    for (const [index, entry] of (Array.isArray(list) ? list : [list]).entries()) {
      const read = waiverOf(isObject(entry) ? { ...entry, resource } : entry, [...path, index]);
      if ('code' in read) findings.push(read);
      else waivers.push(read);
    }
  }
  return { waivers, findings };
}

/** One waiver, or CFN530: what it lacks. Without reason, owner and expiry it waives nothing. */
export function waiverOf(entry: Json, path: Path): Waiver | Finding {
  const given = isObject(entry) ? entry : {};
  const missing = [...MEMBERS, 'resource' as const].filter((name) => {
    const value = given[name];
    return typeof value !== 'string' || value.trim() === '';
  });
  const wrongDate = typeof given.expires === 'string' && !isDate(given.expires);
  if (missing.length === 0 && !wrongDate) return { ...(given as unknown as Waiver), path };
  const lacks = missing.length > 0 ? `has no ${missing.join(', ')}` : `expires on "${given.expires}", which is no date`;
  return {
    code: 'CFN530',
    severity: 'error',
    path,
    message: `a waiver ${lacks}: it waives nothing`,
    fix: 'give control, reason, owner and expires (a day: 2027-03-31)',
  };
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** CFN531: a waiver past its day. CFN533: one that names what is not there. The others, which count. */
export function current(
  waivers: readonly Waiver[],
  today: string,
  controls: readonly string[],
  resources: readonly string[],
): Waivers {
  const findings: Finding[] = [];
  const kept = waivers.filter((waiver) => {
    const { control, resource, expires, owner, path, file } = waiver;
    const at = { path, ...(file !== undefined && { file }) };
    const [kind, name, known] = controls.includes(control)
      ? (['resource', resource, resources] as const)
      : (['control', control, controls] as const);
    if (!known.includes(name)) {
      const nearest = nearestMatch(name, known);
      const message = `a waiver names ${kind} ${name}, which is not there${nearest ? `; did you mean ${nearest}?` : ''}`;
      findings.push({
        ...at,
        code: 'CFN533',
        severity: 'error',
        message,
        fix: nearest ? `write ${nearest}` : 'remove it',
      });
      return false;
    }
    if (expires >= today) return true;
    const message = `the waiver of ${control} for ${resource} expired on ${expires}`;
    findings.push({ ...at, code: 'CFN531', severity: 'error', message, fix: `mend it, or ask ${owner} to renew it` });
    return false;
  });
  return { waivers: kept, findings };
}

/** CFN532: a waiver of what holds anyway. */
export function unused({ control, resource, path, file }: Waiver, verdict: string): Finding {
  return {
    code: 'CFN532',
    severity: 'error',
    ...(file !== undefined && { file }),
    path,
    message: `the waiver of ${control} for ${resource} waives nothing: the control is ${verdict} there`,
    fix: 'remove it',
  };
}
