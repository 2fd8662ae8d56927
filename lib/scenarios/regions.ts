/**
 * Partitions by the start of their regions' names, with their URL suffix.
 * Source: partitions of the AWS SDK for JavaScript v3 (@aws-sdk/core), read 2026-11-20.
 */
const PARTITIONS: readonly { start: string; partition: string; urlSuffix: string }[] = [
  { start: 'cn-', partition: 'aws-cn', urlSuffix: 'amazonaws.com.cn' },
  { start: 'us-gov-', partition: 'aws-us-gov', urlSuffix: 'amazonaws.com' },
  { start: 'us-iso-', partition: 'aws-iso', urlSuffix: 'c2s.ic.gov' },
  { start: 'us-isob-', partition: 'aws-iso-b', urlSuffix: 'sc2s.sgov.gov' },
  { start: 'eu-isoe-', partition: 'aws-iso-e', urlSuffix: 'cloud.adc-e.uk' },
  { start: 'us-isof-', partition: 'aws-iso-f', urlSuffix: 'csp.hci.ic.gov' },
  { start: 'eusc-', partition: 'aws-eusc', urlSuffix: 'amazonaws.eu' },
];

export const PARTITION_NAMES: readonly string[] = ['aws', ...PARTITIONS.map(({ partition }) => partition)];

/** Regions to choose representatives from. A region that a template names counts too, if it is named like one. */
export const REGIONS: readonly string[] = [
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'],
  ...['af-south-1', 'ap-east-1', 'ap-east-2', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1'],
  ...[
    'ap-south-2',
    'ap-southeast-1',
    'ap-southeast-2',
    'ap-southeast-3',
    'ap-southeast-4',
    'ap-southeast-5',
    'ap-southeast-6',
  ],
  ...['ap-southeast-7', 'ca-central-1', 'ca-west-1', 'eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1'],
  ...['eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'il-central-1', 'me-central-1', 'me-south-1'],
  ...['me-west-1', 'mx-central-1', 'sa-east-1', 'sa-west-1', 'cn-north-1', 'cn-northwest-1', 'eusc-de-east-1'],
  ...[
    'us-gov-east-1',
    'us-gov-west-1',
    'us-iso-east-1',
    'us-iso-west-1',
    'us-isob-east-1',
    'us-isob-west-1',
    'eu-isoe-west-1',
  ],
  ...['us-isof-east-1', 'us-isof-south-1'],
];

export function isRegionName(text: string): boolean {
  return /^[a-z]{2,4}(-[a-z]+){1,2}-\d{1,2}$/.test(text);
}

export function partitionOf(region: string): { partition: string; urlSuffix: string } {
  return PARTITIONS.find(({ start }) => region.startsWith(start)) ?? { partition: 'aws', urlSuffix: 'amazonaws.com' };
}
