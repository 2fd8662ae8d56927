import type { Settings } from './reading.ts';

/**
 * Settings of a resource that puts one policy on several others (`Topics`, `Queues`). Where these do not all have the same one,
 * the policies by owner, which no stated policy equals. Undefined where none has a policy.
 */
export async function policyOfAll(
  property: string,
  owners: unknown,
  read: (owner: string) => Promise<unknown>,
): Promise<Settings | undefined> {
  const names = [owners].flat().filter((owner): owner is string => typeof owner === 'string');
  const policies = await Promise.all(names.map(async (owner) => [owner, await read(owner)] as const));
  const present = policies.filter(([, policy]) => policy !== undefined);
  if (present.length === 0) return undefined;
  const different = new Set(present.map(([, policy]) => JSON.stringify(policy)));
  return {
    [property]: present.map(([owner]) => owner),
    PolicyDocument: different.size === 1 ? present[0]![1] : Object.fromEntries(present),
  };
}
