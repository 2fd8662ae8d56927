import { readFileSync } from 'node:fs';
import { fileInProject } from './project.ts';

/** The primary region, from the one-line file `AWS_REGION`: the only place that reads it. */
export function primaryRegion(): string {
  return readFileSync(fileInProject('AWS_REGION'), 'utf8').trim();
}
