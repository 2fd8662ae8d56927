import { isObject } from '../cfn/template.ts';

/** The named bodies of a section that are objects: an odd template may hold anything, and its check reports the rest. */
export function entriesOf<T extends object>(section: Readonly<Record<string, T>> | undefined): [string, T][] {
  if (!isObject(section)) return [];
  return Object.entries(section as Record<string, T>).filter(([, body]) => isObject(body));
}
