import type { Json } from '../cfn/template.ts';
import type { ParameterValue } from './parameters.ts';

/** What a template is resolved in. Whatever is left out is not known, and stays an `Unknown`. */
export interface Environment {
  /** Values as the deployment gives them. Defaults of the template apply to the rest. */
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
  /** Decides `AWS::Region`, and with it `AWS::Partition` and `AWS::URLSuffix` unless they are given. */
  readonly region?: string;
  readonly partition?: string;
  readonly urlSuffix?: string;
  readonly accountId?: string;
  readonly stackName?: string;
  readonly stackId?: string;
  readonly notificationArns?: readonly string[];
  /** Exports of other stacks by name. */
  readonly imports?: Readonly<Record<string, Json>>;
  /** Of the region; or by region. */
  readonly availabilityZones?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** Values of SSM parameters by name, for parameters of an `AWS::SSM::Parameter::Value<…>` type. */
  readonly ssm?: Readonly<Record<string, string>>;
  /** Parameters and pseudo parameters left open, default or not: each may be anything it admits but these texts. */
  readonly open?: Readonly<Record<string, readonly string[]>>;
  /** Conditions decided beforehand. The others are evaluated. */
  readonly conditions?: Readonly<Record<string, boolean>>;
  /** Of a stack that is deployed: what `Ref` and `Fn::GetAtt` give of its resources, as far as known, by logical ID. */
  readonly deployed?: Readonly<Record<string, DeployedResource>>;
}

export interface DeployedResource {
  readonly ref?: Json;
  readonly attributes?: Readonly<Record<string, Json>>;
}
