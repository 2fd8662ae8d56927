import type { Stack } from '../../lib/cfn/index.ts';
import { staging } from './staging.ts';

/** Every stack that is emitted, by the name of its template. */
export const stacks: Readonly<Record<string, () => Stack>> = {
  staging,
};
