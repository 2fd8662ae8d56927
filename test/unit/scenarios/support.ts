import type { Json, JsonObject, ParameterBody, Template } from '../../../lib/cfn/template.ts';

/** A template around one property of one resource: what the tables of functions vary. */
export function templateOf(value: Json, more: Partial<Template> = {}): Template {
  return {
    ...more,
    Resources: { Subject: { Type: 'Test::Subject', Properties: { Value: value } }, ...more.Resources },
  };
}

export function text(more: Partial<ParameterBody> = {}): ParameterBody {
  return { Type: 'String', ...more };
}

export const ref = (name: string): JsonObject => ({ Ref: name });
export const getAtt = (resource: string, attribute: string): JsonObject => ({ 'Fn::GetAtt': [resource, attribute] });
export const equals = (left: Json, right: Json): JsonObject => ({ 'Fn::Equals': [left, right] });
export const not = (test: Json): JsonObject => ({ 'Fn::Not': [test] });
export const and = (...tests: Json[]): JsonObject => ({ 'Fn::And': tests });
export const or = (...tests: Json[]): JsonObject => ({ 'Fn::Or': tests });
export const named = (condition: string): JsonObject => ({ Condition: condition });
export const when = (condition: string, then: Json, otherwise: Json): JsonObject => ({
  'Fn::If': [condition, then, otherwise],
});
export const NO_VALUE: JsonObject = ref('AWS::NoValue');
