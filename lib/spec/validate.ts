import { type Finding, nearestMatch } from '../cfn/errors.ts';
import { intrinsicOf, isNoValue } from '../cfn/intrinsics.ts';
import { isObject, type Json, type JsonObject, type Path } from '../cfn/template.ts';
import { isPublished, resourceType, resourceTypeNames, type Schema } from './resource-type.ts';

/**
 * Judges a resource's type and properties with the functions in place: CFN301 unknown type, CFN302 unknown property, CFN303
 * missing property, CFN304 wrong kind of value, CFN305 value that is not allowed. A function is unknown and never wrong, but
 * each branch of Fn::If is judged. Patterns, ranges and combinations (oneOf, anyOf) are not judged: see docs/decisions/0004.
 */
export function validateResource(type: string, properties: Json | undefined, path: Path): Finding[] {
  const entry = resourceType(type);
  if (!entry) {
    if (!isPublished(type)) return [];
    const nearest = nearestMatch(type, resourceTypeNames());
    return [
      finding(
        'CFN301',
        [...path, 'Type'],
        `there is no resource type ${type}${nearest ? `; did you mean ${nearest}?` : ''}`,
        nearest ? `write ${nearest}` : 'check the name of the type',
      ),
    ];
  }
  const findings: Finding[] = [];
  const judge = new Judge(entry.schema.definitions ?? {}, findings);
  judge.value(properties ?? {}, { ...entry.schema, type: 'object' }, [...path, 'Properties']);
  return findings;
}

class Judge {
  readonly #definitions: Readonly<Record<string, Schema>>;
  readonly #findings: Finding[];

  constructor(definitions: Readonly<Record<string, Schema>>, findings: Finding[]) {
    this.#definitions = definitions;
    this.#findings = findings;
  }

  value(value: Json, reference: Schema, path: Path): void {
    const schema = this.#resolved(reference);
    if (schema === undefined || value === null || isNoValue(value)) return;
    const call = intrinsicOf(value);
    if (call) {
      if (call.name === 'Fn::If' && Array.isArray(call.argument)) {
        for (const branch of [1, 2]) {
          const chosen = call.argument[branch];
          if (chosen !== undefined) this.value(chosen, schema, [...path, 'Fn::If', branch]);
        }
      }
      return;
    }
    if (isObject(value) && Object.keys(value).some((key) => key.startsWith('Fn::'))) return;
    const types = [schema.type ?? []].flat();
    if (Array.isArray(value)) {
      if (types.length > 0 && !types.includes('array')) this.#wrongKind(value, types, path);
      else if (schema.items)
        for (const [index, item] of value.entries()) this.value(item, schema.items, [...path, index]);
    } else if (isObject(value)) {
      if (types.length > 0 && !types.includes('object')) this.#wrongKind(value, types, path);
      else this.#object(value, schema, path);
    } else {
      this.#scalar(value, schema, types, path);
    }
  }

  #resolved(schema: Schema): Schema | undefined {
    if (!schema.$ref) return schema;
    const target = this.#definitions[schema.$ref.replace('#/definitions/', '')];
    return target && this.#resolved(target);
  }

  #object(value: JsonObject, schema: Schema, path: Path): void {
    const known = schema.properties;
    if (!known) return;
    const closed = schema.additionalProperties === false && !schema.patternProperties;
    for (const [name, member] of Object.entries(value)) {
      const property = Object.hasOwn(known, name) ? known[name] : undefined;
      if (property) this.value(member, property, [...path, name]);
      else if (closed && !schema.oneOf && !schema.anyOf && !schema.allOf) {
        const nearest = nearestMatch(name, Object.keys(known));
        this.#findings.push(
          finding(
            'CFN302',
            [...path, name],
            `there is no property ${name} here${nearest ? `; did you mean ${nearest}?` : ''}`,
            nearest ? `write ${nearest}` : `remove it; allowed: ${Object.keys(known).slice(0, 12).join(', ')}`,
          ),
        );
      }
    }
    for (const name of schema.required ?? []) {
      if (!Object.hasOwn(value, name) || isNoValue(value[name]))
        this.#findings.push(finding('CFN303', path, `the required property ${name} is missing`, `add ${name}`));
    }
  }

  #scalar(value: string | number | boolean, schema: Schema, types: readonly string[], path: Path): void {
    if (typeof value === 'string' && value.includes('{{resolve:')) return;
    const text = String(value);
    const fits = types.some(
      (type) =>
        type === 'string' ||
        (type === 'boolean' && /^(true|false)$/i.test(text)) ||
        ((type === 'number' || type === 'integer') && text.trim() !== '' && Number.isFinite(Number(text))) ||
        // JSON as text is taken where an object stands.
        (type === 'object' && typeof value === 'string'),
    );
    if (types.length > 0 && !fits) this.#wrongKind(value, types, path);
    else if (schema.enum && !schema.enum.some((allowed) => String(allowed).toLowerCase() === text.toLowerCase())) {
      const allowed = schema.enum.map(String);
      const nearest = nearestMatch(text, allowed);
      this.#findings.push(
        finding(
          'CFN305',
          path,
          `"${text}" is not allowed${nearest ? `; did you mean ${nearest}?` : ''}`,
          `one of ${allowed.slice(0, 20).join(', ')}${allowed.length > 20 ? ', …' : ''}`,
        ),
      );
    }
  }

  #wrongKind(value: Json, types: readonly string[], path: Path): void {
    const found = Array.isArray(value) ? 'a list' : isObject(value) ? 'a mapping' : `"${value}"`;
    this.#findings.push(
      finding('CFN304', path, `${found} stands where ${types.join(' or ')} is expected`, `give ${types.join(' or ')}`),
    );
  }
}

function finding(code: string, path: Path, message: string, fix: string): Finding {
  return { code, severity: 'error', path, message: `${path.slice(1).join('.')}: ${message}`, fix };
}
