import { readFileSync } from 'node:fs';
import {
  boolYaml11Tag,
  EVENT_ID,
  type Event,
  floatYaml11Tag,
  getScalarValue,
  intYaml11Tag,
  NOT_RESOLVED,
  nullYaml11Tag,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';
import { CfnError, type Finding, nearestMatch } from './errors.ts';
import { LONG_FORM } from './intrinsics.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from './template.ts';
import { isOfRain } from './transforms.ts';

/** Line and column count from 1. */
export interface Location {
  line: number;
  column: number;
}

/** A file of YAML or JSON read into plain JSON, with the place of every node. */
export interface SourceDocument {
  file: string;
  text: string;
  value: Json;
  /** What reading found: unknown tags, duplicate keys, aliases. Syntax errors are thrown instead. */
  findings: Finding[];
  /** Place of the node at a path: of the key for a property, of the item in a list; of the nearest ancestor that exists. */
  locate(path: Path): Location;
}

export interface TemplateDocument extends SourceDocument {
  template: Template;
}

/** Throws CFN101 (exit code 2) where the file cannot be read, and what `parseTemplate` throws. */
export function readTemplate(file: string): TemplateDocument {
  return parseTemplate(readText(file), file);
}

/** Throws CFN101 (exit code 2) with the system's reason. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : (error as Error).message;
    throw new CfnError(
      { code: 'CFN101', severity: 'error', file, message: `cannot read ${file}: ${reason}`, fix: 'check the path' },
      { cause: error },
    );
  }
}

/** Throws CFN102 (syntax, with line and column) and CFN103 (not a template at all), both with exit code 1. */
export function parseTemplate(text: string, file: string): TemplateDocument {
  const document = parseSource(text, file);
  if (!isObject(document.value)) {
    const found = document.value === null ? 'is empty' : `holds a ${Array.isArray(document.value) ? 'list' : 'scalar'}`;
    throw new CfnError(
      {
        code: 'CFN103',
        severity: 'error',
        file,
        ...document.locate([]),
        message: `${file} ${found}; a template is a mapping with a Resources section`,
        fix: 'pass a CloudFormation or SAM template in YAML or JSON',
      },
      { exitCode: 1 },
    );
  }
  return { ...document, template: document.value as unknown as Template };
}

/**
 * Reads YAML as CloudFormation does (YAML 1.1 scalars, but dates stay strings) and JSON, which is read as YAML. Short-form
 * functions become long form, `GetAtt` strings become lists. Throws CFN102 on a syntax error.
 */
export function parseSource(text: string, file: string): SourceDocument {
  const { source, events, indented } = eventsOf(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, file);
  const builder = new TreeBuilder(source, file, events, indented);
  const value = builder.build();
  return { file, text, value, findings: builder.findings, locate: (path) => builder.locate(value, path) };
}

/** By line, counted from 0: blanks that were put before it. */
type Indented = ReadonlyMap<number, number>;

/** Of lines; each is parsed for anew. */
const RETRIES = 400;

/**
 * The parser's events. CloudFormation's parser lets the lines of a flow collection and of a quoted text start in any column;
 * YAML, and js-yaml, want them further in than what they belong to. Such lines are indented before they are parsed again.
 */
function eventsOf(text: string, file: string): { source: string; events: Event[]; indented: Indented } {
  const indented = new Map<number, number>();
  let source = text;
  for (let left = RETRIES; ; left--) {
    try {
      return { source, events: parseEvents(source, { filename: file, maxDepth: 200 }), indented };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const { line = 0, column = 0, snippet = '' } = error.mark ?? {};
      if (error.reason === 'deficient indentation' && left > 0) {
        const moved = indentFlow(source, line, indented);
        if (moved !== undefined) {
          source = moved;
          continue;
        }
      }
      throw new CfnError(
        {
          code: 'CFN102',
          severity: 'error',
          file,
          line: line + 1,
          column: Math.max(column - (indented.get(line) ?? 0), 0) + 1,
          message: `syntax: ${error.reason}${snippet && indented.size === 0 ? `\n${snippet}` : ''}`,
          fix: 'mend the YAML at this place; everything after it is unread',
        },
        { exitCode: 1, cause: error },
      );
    }
  }
}

/** The text with the line further in than any line above; undefined where a tab is in the way. */
function indentFlow(source: string, line: number, indented: Map<number, number>): string | undefined {
  const lines = source.split('\n');
  const own = indentation(lines[line]!);
  const blanks = Math.max(0, ...lines.slice(0, line).map(indentation)) + 1 - own;
  if (blanks <= 0 || lines[line]![own] === '\t') return undefined;
  indented.set(line, (indented.get(line) ?? 0) + blanks);
  lines[line] = ' '.repeat(blanks) + lines[line];
  return lines.join('\n');
}

function indentation(line: string): number {
  return line.length - line.replace(/^ +/, '').length;
}

interface NodePlaces {
  start: number;
  members: Map<string | number, { at: number; child: NodePlaces | undefined }>;
}

type Built = { value: Json; places: NodePlaces };

/** One pass over the parser's events, which keeps where each node starts. State of one parse only: never exported. */
class TreeBuilder {
  readonly findings: Finding[] = [];
  readonly #source: string;
  readonly #file: string;
  readonly #events: Event[];
  readonly #indented: Indented;
  readonly #anchors = new Map<string, Built>();
  #next = 0;
  #root: NodePlaces = { start: 0, members: new Map() };
  #lineStarts: number[] | undefined;

  constructor(source: string, file: string, events: Event[], indented: Indented) {
    this.#indented = indented;
    this.#source = source;
    this.#file = file;
    this.#events = events;
  }

  build(): Json {
    if (this.#events.length === 0) return null;
    this.#next = 1;
    if (this.#events[1] === undefined || this.#events[1].type === EVENT_ID.POP) return null;
    const { value, places } = this.#node();
    this.#root = places;
    const rest = this.#events.findIndex((event, index) => index > 0 && event.type === EVENT_ID.DOCUMENT);
    if (rest !== -1) {
      this.findings.push({
        code: 'CFN106',
        severity: 'error',
        file: this.#file,
        ...this.#location(places.start),
        message: 'the file holds more than one YAML document; only the first is a template',
        fix: 'put each template in a file of its own',
      });
    }
    return value;
  }

  locate(_root: Json, path: Path): Location {
    let places: NodePlaces | undefined = this.#root;
    let at = this.#root.start;
    for (const segment of path) {
      const member: { at: number; child: NodePlaces | undefined } | undefined = places?.members.get(segment);
      if (member === undefined) break;
      at = member.at;
      places = member.child;
    }
    return this.#location(at);
  }

  #location(offset: number): Location {
    this.#lineStarts ??= lineStartsOf(this.#source);
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const column = offset - this.#lineStarts[low]! - (this.#indented.get(low) ?? 0);
    return { line: low + 1, column: Math.max(column, 0) + 1 };
  }

  #report(code: string, offset: number, message: string, fix: string): void {
    this.findings.push({
      code,
      severity: 'error',
      file: this.#file,
      ...this.#location(Math.max(offset, 0)),
      message,
      fix,
    });
  }

  #node(): Built {
    const event = this.#events[this.#next++]!;
    switch (event.type) {
      case EVENT_ID.ALIAS: {
        const name = this.#source.slice(event.anchorStart, event.anchorEnd);
        const built = this.#anchors.get(name);
        if (built) return built;
        this.#report('CFN105', event.anchorStart, `alias *${name} has no anchor before it`, 'write the value out');
        return { value: null, places: { start: event.anchorStart, members: new Map() } };
      }
      case EVENT_ID.SCALAR: {
        const quote = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
        const start = event.tagStart >= 0 ? event.tagStart : Math.max(event.valueStart - quote, 0);
        const text = getScalarValue(this.#source, event);
        const tag = this.#tag(event.tagStart, event.tagEnd);
        const plain = event.style === SCALAR_STYLE.PLAIN && !tag;
        const inner: Built = {
          value: plain ? plainScalar(text, event.valueStart < 0) : text,
          places: { start, members: new Map() },
        };
        return this.#finish(inner, event, tag);
      }
      case EVENT_ID.SEQUENCE: {
        const value: Json[] = [];
        const places: NodePlaces = { start: event.start, members: new Map() };
        while (this.#events[this.#next]!.type !== EVENT_ID.POP) {
          const item = this.#node();
          places.members.set(value.length, { at: item.places.start, child: item.places });
          value.push(item.value);
        }
        this.#next++;
        return this.#finish({ value, places }, event, this.#tag(event.tagStart, event.tagEnd));
      }
      case EVENT_ID.MAPPING:
        return this.#mapping(event);
      default:
        throw new Error(`unexpected parser event ${event.type}`);
    }
  }

  #mapping(event: Extract<Event, { type: typeof EVENT_ID.MAPPING }>): Built {
    const value: JsonObject = {};
    const places: NodePlaces = { start: event.start, members: new Map() };
    const merged: Built[] = [];
    while (this.#events[this.#next]!.type !== EVENT_ID.POP) {
      const keyEvent = this.#events[this.#next]!;
      const keyNode = this.#node();
      const item = this.#node();
      const key = typeof keyNode.value === 'string' ? keyNode.value : keyText(this.#source, keyEvent, keyNode.value);
      if (key === '<<' && keyEvent.type === EVENT_ID.SCALAR && keyEvent.style === SCALAR_STYLE.PLAIN) {
        merged.push(item);
        continue;
      }
      if (Object.hasOwn(value, key)) {
        this.#report('CFN104', keyNode.places.start, `key "${key}" stands twice in this mapping`, 'remove one of them');
        continue;
      }
      setOwn(value, key, item.value);
      places.members.set(key, { at: keyNode.places.start, child: item.places });
    }
    this.#next++;
    for (const source of merged.flatMap((built) => mergeSources(built))) {
      for (const [key, member] of Object.entries(source.value)) {
        if (Object.hasOwn(value, key)) continue;
        setOwn(value, key, member);
        places.members.set(key, source.places.members.get(key) ?? { at: event.start, child: undefined });
      }
    }
    if (typeof value['Fn::GetAtt'] === 'string') {
      value['Fn::GetAtt'] = splitAttribute(value['Fn::GetAtt']);
    }
    this.#keepNames(value, places);
    return this.#finish({ value, places }, event, this.#tag(event.tagStart, event.tagEnd));
  }

  /** A key `On` is the text of the source, so a condition, resource or parameter that is named by it must be too. */
  #keepNames(value: JsonObject, { members }: NodePlaces): void {
    for (const key of ['Condition', 'Ref', 'DependsOn']) {
      if (Object.hasOwn(value, key) && !isNamed(value[key]))
        value[key] = this.#sourceOf(value[key]!, members.get(key)?.child);
    }
    if (Array.isArray(value['Fn::If'])) this.#keepCondition(value['Fn::If'], members.get('Fn::If')?.child);
  }

  #keepCondition(list: Json[], places: NodePlaces | undefined): void {
    if (list.length > 0 && !isNamed(list[0])) list[0] = this.#sourceOf(list[0]!, places?.members.get(0)?.child);
  }

  /** What is written for a boolean or a number. */
  #sourceOf(value: Json, places: NodePlaces | undefined): Json {
    return places ? (/^[\w.+-]+/.exec(this.#source.slice(places.start, places.start + 80))?.[0] ?? value) : value;
  }

  #tag(start: number, end: number): string | undefined {
    return start < 0 ? undefined : this.#source.slice(start, end);
  }

  /** Applies a tag: a short-form function becomes its long form. */
  #finish(
    inner: Built,
    event: { anchorStart: number; anchorEnd: number; tagStart: number },
    tag: string | undefined,
  ): Built {
    let built = inner;
    if (tag !== undefined && !tag.startsWith('!!') && tag !== '!') {
      const key = LONG_FORM[tag] ?? (isOfRain(tag.slice(1)) ? tag.slice(1) : undefined);
      if (key === undefined) {
        const nearest = nearestMatch(tag, Object.keys(LONG_FORM));
        this.#report(
          'CFN107',
          event.tagStart,
          `${tag} is not an intrinsic function${nearest ? `; did you mean ${nearest}?` : ''}`,
          'use one of the functions of CloudFormation, or its long form',
        );
      } else {
        if (key === 'Fn::If' && Array.isArray(inner.value)) this.#keepCondition(inner.value, inner.places);
        const argument =
          key === 'Fn::GetAtt' && typeof inner.value === 'string' ? splitAttribute(inner.value) : inner.value;
        built = {
          value: { [key]: argument },
          places: {
            start: event.tagStart,
            members: new Map([[key, { at: event.tagStart, child: inner.places }]]),
          },
        };
      }
    } else if (tag === '!!str' && inner.value !== null && typeof inner.value !== 'object') {
      built = { ...inner, value: String(inner.value) };
    } else if (tag === '!!int' || tag === '!!float' || tag === '!!bool' || tag === '!!null') {
      built = { ...inner, value: typeof inner.value === 'string' ? plainScalar(inner.value, false) : inner.value };
    }
    if (event.anchorStart >= 0) this.#anchors.set(this.#source.slice(event.anchorStart, event.anchorEnd), built);
    return built;
  }
}

/** Assigns without touching the prototype: a template may hold a key named `__proto__`. */
function setOwn(target: JsonObject, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function mergeSources(built: Built): { value: JsonObject; places: NodePlaces }[] {
  if (isObject(built.value)) return [{ value: built.value, places: built.places }];
  if (!Array.isArray(built.value)) return [];
  return built.value.flatMap((value, index) => {
    const places = built.places.members.get(index)?.child;
    return isObject(value) && places ? [{ value, places }] : [];
  });
}

function keyText(source: string, event: Event, value: Json): string {
  return event.type === EVENT_ID.SCALAR ? getScalarValue(source, event) : JSON.stringify(value);
}

function isNamed(value: Json | undefined): boolean {
  return typeof value !== 'boolean' && typeof value !== 'number';
}

function splitAttribute(text: string): Json[] {
  const dot = text.indexOf('.');
  return dot === -1 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

const PLAIN_TAGS = [boolYaml11Tag, intYaml11Tag, floatYaml11Tag];

function plainScalar(text: string, absent: boolean): Json {
  if (absent || nullYaml11Tag.resolve(text, false, '') !== NOT_RESOLVED) return null;
  if (!MAYBE_TYPED.test(text) || /^[yn]$/i.test(text)) return text; // CloudFormation keeps Y and N as text.
  for (const tag of PLAIN_TAGS) {
    const value = tag.resolve(text, false, '');
    if (value === NOT_RESOLVED) continue;
    if (/^[-+]?\d+\.0+$/.test(text)) return `${Number(text)}.0`; // A version, say: CloudFormation keeps that it is no integer.
    return typeof value === 'number' && !Number.isSafeInteger(value) && !Number.isFinite(value) ? text : value;
  }
  return text;
}

/** First characters that a YAML 1.1 boolean or number can have; everything else is a string without further look. */
const MAYBE_TYPED = /^[-+.0-9yYnNtTfFoO]/;

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
