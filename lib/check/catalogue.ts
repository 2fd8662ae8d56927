import { readFileSync } from 'node:fs';
import { fileInProject } from '../project.ts';

export interface CatalogueEntry {
  readonly title: string;
  readonly severity: 'critical' | 'high' | 'medium' | 'low';
  readonly resourceTypes: readonly string[];
  readonly configRule?: string;
  readonly note?: string;
  /** `deployed`: no template shows it; `not-yet`: nobody has written its predicate. */
  readonly judged: 'template' | 'deployed' | 'not-yet';
}

let catalogue: Readonly<Record<string, CatalogueEntry>> | undefined;

/** lib/data/controls.json by control, read once. */
export function readCatalogue(): Readonly<Record<string, CatalogueEntry>> {
  catalogue ??= JSON.parse(readFileSync(fileInProject('lib/data/controls.json'), 'utf8')).controls;
  return catalogue!;
}
