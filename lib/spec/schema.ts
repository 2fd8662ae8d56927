/** The part of JSON Schema that the registry uses, and the keywords that cfn-lint adds to it: `requiredXor` and its like. */
export interface Schema {
  $ref?: string;
  definitions?: Readonly<Record<string, Schema>>;
  type?: string | readonly string[];
  enum?: readonly unknown[];
  /** As `enum`, in either case of letters. */
  enumCaseInsensitive?: readonly unknown[];
  const?: unknown;
  /** A key of lib/spec/index/formats.json, or `ipv4-network`. */
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  items?: Schema | boolean;
  prefixItems?: readonly (Schema | boolean)[];
  contains?: Schema;
  minItems?: number;
  maxItems?: number;
  /** Different items, at most. */
  maxUniqueItems?: number;
  uniqueItems?: boolean;
  /** No two items are alike in all these members. */
  uniqueKeys?: readonly string[];
  properties?: Readonly<Record<string, Schema | boolean>>;
  patternProperties?: Readonly<Record<string, Schema | boolean>>;
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  minProperties?: number;
  maxProperties?: number;
  required?: readonly string[];
  /** One of them at least. */
  requiredOr?: readonly string[];
  /** Exactly one of them. */
  requiredXor?: readonly string[];
  /** Where the key is given, so are these. */
  dependentRequired?: Readonly<Record<string, readonly string[]>>;
  /** Where the key is given, none of these is. */
  dependentExcluded?: Readonly<Record<string, readonly string[]>>;
  dependencies?: Readonly<Record<string, readonly string[] | Schema>>;
  allOf?: readonly (Schema | boolean)[];
  anyOf?: readonly (Schema | boolean)[];
  oneOf?: readonly (Schema | boolean)[];
  not?: Schema | boolean;
  if?: Schema | boolean;
  then?: Schema | boolean;
  else?: Schema | boolean;
}

/** The schema that `$ref` names within `root` (`#/definitions/Tag`); undefined where there is none. */
export function referenced(root: Schema, reference: string): Schema | undefined {
  let node: unknown = root;
  for (const part of reference.replace(/^#\/?/, '').split('/')) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = (node as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return typeof node === 'object' && node !== null ? (node as Schema) : undefined;
}
