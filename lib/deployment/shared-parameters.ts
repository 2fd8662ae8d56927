/** What a provider writes under its prefix, and what a value of it looks like. Exactly these eleven. */
export const SHARED_PARAMETERS: Readonly<Record<string, RegExp>> = {
  'network/vpc-id': /^vpc-[0-9a-f]+$/,
  'network/private-subnet-ids': /^subnet-[0-9a-f]+(,subnet-[0-9a-f]+)+$/,
  'network/public-subnet-ids': /^subnet-[0-9a-f]+(,subnet-[0-9a-f]+)+$/,
  'network/availability-zones': /^[a-z]{2}(-[a-z]+)+-\d[a-z](,[a-z]{2}(-[a-z]+)+-\d[a-z])+$/,
  'alb/arn': /^arn:[^:]+:elasticloadbalancing:[^:]+:\d{12}:loadbalancer\/app\/.+$/,
  'alb/dns-name': /^[A-Za-z0-9.-]+$/,
  'alb/security-group-id': /^sg-[0-9a-f]+$/,
  'alb/https-listener-arn': /^arn:[^:]+:elasticloadbalancing:[^:]+:\d{12}:listener\/app\/.+$/,
  'database/cluster-endpoint': /^[A-Za-z0-9.-]+$/,
  'database/security-group-id': /^sg-[0-9a-f]+$/,
  'database/proxy-endpoint': /^[A-Za-z0-9.-]+$/,
};
