import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileInProject } from '../project.ts';

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * `generator/capabilities/log-store.ts:17` from where an error was made: the first frame outside the kernel. In a bundle it
 * is the source's place, through the source map beside it, which is read only here. Empty where no frame is outside.
 */
export function sourcePlaceOf(origin: Error): string {
  const maps = new Map<string, SourceMap | undefined>();
  for (const frame of (origin.stack ?? '').split('\n').slice(1)) {
    const place = placeIn(frame);
    if (!place) continue;
    const { file, line } = inSource(place, maps);
    const name = relative(fileInProject('.'), file).replaceAll('\\', '/');
    if (!name.startsWith('lib/cfn/') && !name.startsWith('node_modules/')) return `${name}:${line}`;
  }
  return '';
}

function placeIn(frame: string): Place | undefined {
  const match = /(file:\/\/[^\s()]+|[^\s()]+):(\d+):(\d+)\)?$/.exec(frame);
  if (!match || match[1]!.startsWith('node:')) return undefined;
  const file = match[1]!.startsWith('file:') ? fileURLToPath(match[1]!) : match[1]!;
  return { file, line: Number(match[2]), column: Number(match[3]) };
}

function inSource(place: Place, maps: Map<string, SourceMap | undefined>): Place {
  const mapFile = `${place.file}.map`;
  if (!maps.has(mapFile))
    maps.set(mapFile, existsSync(mapFile) ? new SourceMap(JSON.parse(readFileSync(mapFile, 'utf8'))) : undefined);
  const entry = maps.get(mapFile)?.findEntry(place.line - 1, place.column - 1);
  if (!entry || !('originalSource' in entry) || entry.originalSource === undefined) return place;
  const file = resolve(dirname(place.file), entry.originalSource.replace(/^file:\/\//, ''));
  return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}
