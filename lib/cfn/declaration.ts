/** Declaring what stands in a template. Each declaration is ID, type, then the body as CloudFormation spells it. */
import { type AnyValue, asExpression, type Expression, type Test, type Value, type Wrapped } from './expression.ts';

/** Properties and attributes by resource type; `lib/spec/types.ts` (generated) fills it for the types in use. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface ResourceTypes {}

export type ResourceTypeName = keyof ResourceTypes & string;
type AttributesOf<T extends ResourceTypeName> = ResourceTypes[T] extends { Attributes: infer A extends string }
  ? A
  : never;

interface Declared {
  readonly id: string;
  /** Taken where the declaration was called; read only to name the place in an error. */
  readonly origin: Error;
}

export interface Parameter extends Declared {
  readonly kind: 'parameter';
  readonly ref: Expression;
  readonly body: object;
  readonly group: string;
  readonly label: string;
}

export interface Mapping extends Declared {
  readonly kind: 'mapping';
  readonly body: object;
  find(topLevelKey: AnyValue, secondLevelKey: AnyValue): Expression;
}

export interface Condition extends Declared {
  readonly kind: 'condition';
  readonly body: Test;
  /** The condition as an argument of `and`, `or`, `not`. */
  readonly test: Test;
  /** `Fn::If`: the first value where the condition holds, else the second. */
  pick<T>(whenTrue: NoInfer<Value<T>>, whenFalse: NoInfer<Value<T>>): Wrapped<T>;
}

export interface Rule extends Declared {
  readonly kind: 'rule';
  readonly body: object;
}

/** A resource of any type, for `DependsOn` and fragments. */
export interface AnyResource extends Declared {
  readonly kind: 'resource';
  readonly type: string;
  readonly ref: Expression;
  readonly body: object;
  readonly comment: string | undefined;
}

export interface Resource<T extends ResourceTypeName> extends AnyResource {
  readonly type: T;
  att(name: AttributesOf<T>): Expression;
}

export interface Output extends Declared {
  readonly kind: 'output';
  readonly body: object;
}

export type Declaration = Parameter | Mapping | Condition | Rule | AnyResource | Output;

export interface ParameterOptions {
  /** Heading of the console's form and of the YAML; one of the groups that the stack lists. */
  group: string;
  /** The console's label. */
  label: string;
  Description: string;
  Default?: string | number;
  AllowedValues?: readonly (string | number)[];
  AllowedPattern?: string;
  ConstraintDescription?: string;
  MinLength?: number;
  MaxLength?: number;
  MinValue?: number;
  MaxValue?: number;
  NoEcho?: boolean;
}

/** Type as CloudFormation spells it: `String`, `Number`, `CommaDelimitedList`, `List<AWS::EC2::Subnet::Id>`, `AWS::SSM::Parameter::Value<…>`. */
export function parameter(id: string, type: string, options: ParameterOptions): Parameter {
  const { group, label, ...body } = options;
  return { kind: 'parameter', id, origin: here(), ref: ref(id), group, label, body: { Type: type, ...body } };
}

export function mapping(id: string, body: Record<string, Record<string, string | number | string[]>>): Mapping {
  return {
    kind: 'mapping',
    id,
    origin: here(),
    body,
    find: (top, second) => asExpression({ 'Fn::FindInMap': [id, top, second] }),
  };
}

/** Read it as an assertion: `IsProduction`, `HasReplica`. */
export function condition(id: string, test: Test): Condition {
  return {
    kind: 'condition',
    id,
    origin: here(),
    body: test,
    test: asExpression({ Condition: id }),
    pick: (whenTrue, whenFalse) => asExpression({ 'Fn::If': [id, whenTrue, whenFalse] }) as never,
  };
}

/** A check across parameters, made by CloudFormation before anything is created. The description is an instruction. */
export function rule(
  id: string,
  body: { RuleCondition?: Test; Assertions: readonly { Assert: Test; AssertDescription: string }[] },
): Rule {
  return { kind: 'rule', id, origin: here(), body };
}

interface ResourceOptions {
  /** Written above the entry: the reason a reader of the YAML would ask for. */
  comment?: string;
  Condition?: Condition;
  DependsOn?: readonly AnyResource[];
  CreationPolicy?: AnyValue;
  UpdatePolicy?: AnyValue;
  DeletionPolicy?: 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot' | Wrapped<string>;
  UpdateReplacePolicy?: 'Delete' | 'Retain' | 'Snapshot' | Wrapped<string>;
  Metadata?: AnyValue;
}

export function resource<T extends ResourceTypeName>(
  id: string,
  type: T,
  options: ResourceOptions & ResourceTypes[T]['Body'],
): Resource<T> {
  const { comment, Condition: when, DependsOn: dependencies, ...rest } = options;
  const body = {
    Type: type,
    ...(when && { Condition: when.id }),
    ...(dependencies && {
      DependsOn: dependencies.length === 1 ? dependencies[0]!.id : dependencies.map(({ id }) => id),
    }),
    ...rest,
  };
  return {
    kind: 'resource',
    id,
    type,
    origin: here(),
    comment,
    body,
    ref: ref(id),
    att: (name) => asExpression({ 'Fn::GetAtt': [id, name] }),
  };
}

export function output(
  id: string,
  options: { Description: string; Condition?: Condition; Value: AnyValue; Export?: { Name: AnyValue } },
): Output {
  const { Condition: when, Description, ...rest } = options;
  return { kind: 'output', id, origin: here(), body: { Description, ...(when && { Condition: when.id }), ...rest } };
}

/** A named group of declarations, in the order in which they are written. */
export interface Fragment {
  readonly name: string;
  readonly items: readonly Declaration[];
}

/** The name becomes the heading of the group in the YAML: "Encryption". */
export function fragment(name: string, items: readonly Declaration[]): Fragment {
  return { name, items };
}

function ref(id: string): Expression {
  return asExpression({ Ref: id });
}

function here(): Error {
  return new Error('declared here');
}
