import type { Controls } from './control.ts';
import { ec2 } from './ec2.ts';
import { kms } from './kms.ts';
import { rds } from './rds.ts';
import { s3 } from './s3.ts';

/** Every control that is judged from a template, by its ID in lib/data/controls.json. */
export const CONTROLS: Controls = { ...ec2, ...kms, ...rds, ...s3 };
