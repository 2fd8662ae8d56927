import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { intrinsicOf, SHORT_TAG } from './intrinsics.ts';
import { entryKeyOrder, orderedKeys, SECTIONS, SPACED_SECTIONS } from './order.ts';
import { isObject, type Json, type JsonObject, type Path, type Template } from './template.ts';

/** What a template says beside its model; js-yaml drops it on reading. Keys are made by `pathKey`. */
export interface Annotations {
  /** Lines above the document. */
  header?: readonly string[];
  /** Beside a property: the controls it is claimed to meet. */
  trailing?: ReadonlyMap<string, string>;
  /** Above an entry or a property. */
  above?: ReadonlyMap<string, string>;
  /** Above the first entry of a group: `# -- Encryption --`. */
  headings?: ReadonlyMap<string, string>;
}

export function pathKey(path: Path): string {
  return path.join('\n');
}

/** Columns within which a list of scalars and short functions stays on its line. */
const LINE = 110;

/** The canonical text of a template: the same model gives the same bytes, and reading it back gives the same model. */
export function writeTemplate(template: Template, annotations: Annotations = {}): string {
  const write = (value: Json, path: Path, indent: number): Node => writeValue(value, path, indent, annotations);
  const root = new YAMLMap();
  const sections = template as unknown as Record<string, Json>;
  for (const section of orderedKeys(Object.keys(template), SECTIONS)) {
    const value = sections[section]!;
    const key = new Scalar(section);
    key.spaceBefore = root.items.length > 0;
    root.items.push(
      new Pair(key, isObject(value) ? writeSection(section, value, annotations) : write(value, [section], 2)),
    );
  }
  const document = new Document(root, { version: '1.2', compat: 'yaml-1.1' });
  if (annotations.header) document.commentBefore = commentText(annotations.header.join('\n'));
  return document.toString({
    lineWidth: 0,
    singleQuote: true,
    flowCollectionPadding: false,
    commentString: (text) => text.replace(/^/gm, '#'),
  });
}

type Node = Scalar | YAMLMap | YAMLSeq;

function writeSection(section: string, entries: JsonObject, annotations: Annotations): YAMLMap {
  const map = new YAMLMap();
  const order = entryKeyOrder(section);
  for (const [id, entry] of Object.entries(entries)) {
    const path = [section, id];
    const key = new Scalar(id);
    const heading = annotations.headings?.get(pathKey(path));
    const above = annotations.above?.get(pathKey(path));
    const lines = [heading && `-- ${heading} --`, above].filter((line) => line !== undefined);
    if (lines.length > 0) key.commentBefore = commentText(lines.join('\n'));
    key.spaceBefore = map.items.length > 0 && (SPACED_SECTIONS.has(section) || heading !== undefined);
    const value =
      order && isObject(entry)
        ? writeMap(entry, orderedKeys(Object.keys(entry), order), path, 4, annotations)
        : writeValue(entry, path, 4, annotations);
    map.items.push(new Pair(key, value));
  }
  return map;
}

function writeMap(
  value: JsonObject,
  keys: readonly string[],
  path: Path,
  indent: number,
  annotations: Annotations,
): YAMLMap {
  const map = new YAMLMap();
  if (keys.length === 0) map.flow = true;
  for (const name of keys) {
    const childPath = [...path, name];
    const key = new Scalar(name);
    const node = writeValue(value[name]!, childPath, indent + 2, annotations);
    const lines = [annotations.above?.get(pathKey(childPath)), node.commentBefore?.trimStart()];
    const above = lines.filter((line) => line !== undefined).join('\n');
    if (above !== '') key.commentBefore = commentText(above);
    node.commentBefore = undefined;
    map.items.push(new Pair(key, node));
  }
  return map;
}

function writeValue(value: Json, path: Path, indent: number, annotations: Annotations): Node {
  const node = writeBare(value, path, indent, annotations);
  const trailing = annotations.trailing?.get(pathKey(path));
  if (trailing !== undefined) {
    if (isCollection(node) && !node.flow) node.commentBefore = commentText(trailing);
    else node.comment = commentText(trailing);
  }
  return node;
}

function isCollection(node: Node): node is YAMLMap | YAMLSeq {
  return 'items' in node;
}

function writeBare(value: Json, path: Path, indent: number, annotations: Annotations): Node {
  const call = intrinsicOf(value);
  if (call) return writeCall(call.name, call.argument, path, indent, annotations);
  if (Array.isArray(value)) return writeList(value, path, indent, annotations);
  if (isObject(value)) return writeMap(value, Object.keys(value), path, indent, annotations);
  return writeScalar(value);
}

/** Short form, except where the argument is itself one function: YAML allows one tag a node, so the outer one is long. */
function writeCall(name: string, argument: Json, path: Path, indent: number, annotations: Annotations): Node {
  const tag = SHORT_TAG[name];
  const inner = [...path, name];
  const asText = name === 'Fn::GetAtt' ? attributeText(argument) : undefined;
  if (tag === undefined || intrinsicOf(argument) !== undefined) {
    const map = new YAMLMap();
    map.items.push(new Pair(new Scalar(name), writeValue(argument, inner, indent + 2, annotations)));
    return map;
  }
  const node =
    asText === undefined ? writeValue(argument, inner, indent + tag.length, annotations) : new Scalar(asText);
  if (node instanceof Scalar && typeof node.value !== 'string') {
    // A tagged number would be read back as text: keep the long form.
    const map = new YAMLMap();
    map.items.push(new Pair(new Scalar(name), node));
    return map;
  }
  node.tag = tag;
  return node;
}

/** `Key.Arn`, where reading that text gives the same list back. */
function attributeText(argument: Json): string | undefined {
  if (!Array.isArray(argument) || argument.length !== 2) return undefined;
  const [id, attribute] = argument;
  return typeof id === 'string' && typeof attribute === 'string' && !id.includes('.')
    ? `${id}.${attribute}`
    : undefined;
}

function writeList(items: Json[], path: Path, indent: number, annotations: Annotations): YAMLSeq {
  const list = new YAMLSeq();
  const width = flowWidth(items);
  list.flow =
    items.length === 0 || (width !== undefined && indent + width <= LINE && !hasAnnotation(path, annotations));
  items.forEach((item, index) => {
    list.items.push(writeValue(item, [...path, index], indent + 2, annotations));
  });
  return list;
}

function hasAnnotation(path: Path, { trailing, above }: Annotations): boolean {
  const prefix = `${pathKey(path)}\n`;
  for (const annotated of [trailing, above])
    if (annotated) for (const key of annotated.keys()) if (key.startsWith(prefix)) return true;
  return false;
}

/** About how many columns the value takes on one line, or undefined where it has to be a block. */
function flowWidth(value: Json): number | undefined {
  if (typeof value === 'string') return value.includes('\n') ? undefined : value.length + 2;
  if (Array.isArray(value)) {
    let width = 2;
    for (const item of value) {
      const itemWidth = flowWidth(item);
      if (itemWidth === undefined) return undefined;
      width += itemWidth + 2;
    }
    return width;
  }
  if (isObject(value)) {
    const call = intrinsicOf(value);
    if (!call || SHORT_TAG[call.name] === undefined || isObject(call.argument)) return undefined;
    const width = flowWidth(call.argument);
    return width === undefined ? undefined : width + SHORT_TAG[call.name]!.length + 1;
  }
  return String(value).length;
}

function writeScalar(value: string | number | boolean | null): Scalar {
  const scalar = new Scalar(value);
  if (typeof value === 'string' && value.includes('\n')) scalar.type = Scalar.BLOCK_LITERAL;
  // YAML 1.2 takes these plain; PyYAML, which others read with, does not.
  else if (typeof value === 'string' && /^([:?]|=$)/.test(value)) scalar.type = Scalar.QUOTE_SINGLE;
  return scalar;
}

function commentText(text: string): string {
  return text.replace(/^(?=.)/gm, ' ');
}
