import { apigateway } from './apigateway.ts';
import { backup } from './backup.ts';
import { cloudfront } from './cloudfront.ts';
import { cloudtrail } from './cloudtrail.ts';
import { cloudwatch } from './cloudwatch.ts';
import type { Controls } from './control.ts';
import { dynamodb } from './dynamodb.ts';
import { ec2 } from './ec2.ts';
import { ecr } from './ecr.ts';
import { ecs } from './ecs.ts';
import { efs } from './efs.ts';
import { eks } from './eks.ts';
import { elasticache } from './elasticache.ts';
import { elb } from './elb.ts';
import { iam } from './iam.ts';
import { kms } from './kms.ts';
import { lambda } from './lambda.ts';
import { messaging } from './messaging.ts';
import { policies } from './policies.ts';
import { rds } from './rds.ts';
import { s3 } from './s3.ts';
import { secretsmanager } from './secretsmanager.ts';
import { stepfunctions } from './stepfunctions.ts';

/** Every control that is judged from a template, by its ID in lib/data/controls.json. */
export const CONTROLS: Controls = {
  ...apigateway,
  ...backup,
  ...cloudfront,
  ...cloudtrail,
  ...cloudwatch,
  ...dynamodb,
  ...ec2,
  ...ecr,
  ...ecs,
  ...efs,
  ...eks,
  ...elasticache,
  ...elb,
  ...iam,
  ...kms,
  ...lambda,
  ...messaging,
  ...policies,
  ...rds,
  ...s3,
  ...secretsmanager,
  ...stepfunctions,
};
