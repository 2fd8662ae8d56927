import { concatenate, dependenciesOf, isUnknown, type Resolved, type Unknown, unknown } from './unknown.ts';

/** Source: CloudFormation user guide, "dynamic references" (ssm, ssm-secure, secretsmanager), read 2026-11-20. */
const REFERENCE = /(\{\{resolve:[a-z-]+:[^{}]*\}\})/;

/**
 * A resolved value with each `{{resolve:service:…}}` in its texts made an `Unknown` of reason `dynamic`. Comes last, because
 * CloudFormation looks them up after all functions have run: `Fn::Split` sees the reference, not the value.
 */
export function withDynamicReferences(value: Resolved): Resolved {
  if (typeof value === 'string') return value.includes('{{resolve:') ? dynamicText(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const members = value.map(withDynamicReferences);
    return members.some((member, i) => member !== value[i]) ? members : value;
  }
  if (isUnknown(value)) return value.parts ? dynamicParts(value, value.parts) : value;
  const entries = Object.entries(value).map(([key, member]) => [key, withDynamicReferences(member)] as const);
  return entries.some(([key, member]) => member !== value[key]) ? Object.fromEntries(entries) : value;
}

function dynamicText(text: string): string | Unknown {
  const parts = text.split(REFERENCE).map((part) => (REFERENCE.test(part) ? reference(part) : part));
  return concatenate(parts, text);
}

function reference(text: string): Unknown {
  return unknown('dynamic', text, [{ kind: 'external', name: text.slice(2, -2) }]);
}

/** A reference whose own text has unknown parts is open as a whole, from its opening braces on. */
function dynamicParts(value: Unknown, parts: readonly (string | Unknown)[]): Unknown {
  if (!parts.some((part) => typeof part === 'string' && part.includes('{{resolve:'))) return value;
  const replaced = parts.map((part) => (typeof part === 'string' ? dynamicText(part) : part));
  const at = replaced.findIndex((part) => typeof part === 'string' && part.includes('{{resolve:'));
  if (at < 0) return concatenate(replaced, value.expression) as Unknown;
  const opening = replaced[at] as string;
  const start = opening.indexOf('{{resolve:');
  const open = unknown('dynamic', value.expression, dependenciesOf(...replaced.slice(at)));
  return concatenate([...replaced.slice(0, at), opening.slice(0, start), open], value.expression) as Unknown;
}
