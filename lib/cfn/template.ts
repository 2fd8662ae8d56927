/**
 * The model every part of the library works on: a CloudFormation template as plain JSON, with each intrinsic
 * function in its long form (`{ 'Fn::GetAtt': ['Key', 'Arn'] }`). No AWS service is known here.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Where a value stands in a template: `['Resources', 'LogKey', 'Properties', 'EnableKeyRotation']`. */
export type Path = readonly (string | number)[];

export interface ParameterBody {
  Type: string;
  Description?: string;
  Default?: string | number | boolean;
  AllowedValues?: (string | number | boolean)[];
  AllowedPattern?: string;
  ConstraintDescription?: string;
  MinLength?: number | string;
  MaxLength?: number | string;
  MinValue?: number | string;
  MaxValue?: number | string;
  NoEcho?: boolean | string;
}

export interface RuleBody {
  RuleCondition?: Json;
  Assertions: { Assert: Json; AssertDescription?: string }[];
}

export interface ResourceBody {
  Type: string;
  Condition?: string;
  DependsOn?: string | string[];
  CreationPolicy?: Json;
  UpdatePolicy?: Json;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Metadata?: JsonObject;
  Properties?: JsonObject;
}

export interface OutputBody {
  Description?: string;
  Condition?: string;
  Value: Json;
  Export?: { Name: Json };
}

export interface Template {
  AWSTemplateFormatVersion?: string;
  Transform?: string | string[];
  Description?: string;
  Metadata?: JsonObject;
  Parameters?: Record<string, ParameterBody>;
  Rules?: Record<string, RuleBody>;
  Mappings?: Record<string, Record<string, Record<string, Json>>>;
  Conditions?: Record<string, Json>;
  Globals?: JsonObject;
  Hooks?: JsonObject;
  Resources: Record<string, ResourceBody>;
  Outputs?: Record<string, OutputBody>;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
