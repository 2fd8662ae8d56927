import { accounts } from './accounts.ts';
import { apigateway } from './apigateway.ts';
import { athena } from './athena.ts';
import { autoscaling } from './autoscaling.ts';
import { backedUp } from './backed-up.ts';
import { backup } from './backup.ts';
import { cloudfront } from './cloudfront.ts';
import { cloudtrail } from './cloudtrail.ts';
import { cloudwatch } from './cloudwatch.ts';
import { codebuild } from './codebuild.ts';
import { cognito } from './cognito.ts';
import { config } from './config.ts';
import type { Controls } from './control.ts';
import { documents } from './documents.ts';
import { dynamodb } from './dynamodb.ts';
import { ec2 } from './ec2.ts';
import { ecr } from './ecr.ts';
import { ecs } from './ecs.ts';
import { efs } from './efs.ts';
import { eks } from './eks.ts';
import { elasticache } from './elasticache.ts';
import { elb } from './elb.ts';
import { glue } from './glue.ts';
import { iam } from './iam.ts';
import { kms } from './kms.ts';
import { lambda } from './lambda.ts';
import { messaging } from './messaging.ts';
import { opensearch } from './opensearch.ts';
import { policies } from './policies.ts';
import { rds } from './rds.ts';
import { redshift } from './redshift.ts';
import { s3 } from './s3.ts';
import { sagemaker } from './sagemaker.ts';
import { secretsmanager } from './secretsmanager.ts';
import { stepfunctions } from './stepfunctions.ts';
import { streams } from './streams.ts';
import { waf } from './waf.ts';

/** Every control that is judged from a template, by its ID in lib/data/controls.json. */
export const CONTROLS: Controls = {
  ...accounts,
  ...apigateway,
  ...athena,
  ...autoscaling,
  ...backedUp,
  ...backup,
  ...cloudfront,
  ...cloudtrail,
  ...cloudwatch,
  ...codebuild,
  ...cognito,
  ...config,
  ...documents,
  ...dynamodb,
  ...ec2,
  ...ecr,
  ...ecs,
  ...efs,
  ...eks,
  ...elasticache,
  ...elb,
  ...glue,
  ...iam,
  ...kms,
  ...lambda,
  ...messaging,
  ...opensearch,
  ...policies,
  ...rds,
  ...redshift,
  ...s3,
  ...sagemaker,
  ...secretsmanager,
  ...stepfunctions,
  ...streams,
  ...waf,
};
