/** JSON as a person would lay it out: a node on one line where it fits, else one member a line. Bytes depend on the value only. */
export function layOut(value, { width = 120 } = {}) {
  return write(value, '', 0, width);
}

/** `used`: columns that the key before the value takes. */
function write(value, indent, used, width) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const flat = oneLine(value, width - indent.length - used - 1);
  if (flat !== undefined) return flat;
  const inner = `${indent} `;
  if (Array.isArray(value))
    return `[\n${value.map((item) => inner + write(item, inner, 0, width)).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(([key, member]) => {
    const name = `${JSON.stringify(key)}: `;
    return inner + name + write(member, inner, name.length, width);
  });
  return `{\n${members.join(',\n')}\n${indent}}`;
}

/** The value on one line, or undefined where it takes more than `room` columns. */
function oneLine(value, room) {
  if (room < 2) return undefined;
  if (typeof value !== 'object' || value === null) {
    const text = JSON.stringify(value);
    return text.length <= room ? text : undefined;
  }
  const isList = Array.isArray(value);
  let text = isList ? '[' : '{';
  for (const [key, member] of Object.entries(value)) {
    if (text.length > 1) text += ', ';
    if (!isList) text += `${JSON.stringify(key)}: `;
    const part = oneLine(member, room - text.length - 1);
    if (part === undefined) return undefined;
    text += part;
  }
  text += isList ? ']' : '}';
  return text.length <= room ? text : undefined;
}
