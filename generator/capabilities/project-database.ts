import { condition, equals, fragment, not, parameter, split } from '../../lib/cfn/index.ts';
import { imported } from './environment.ts';

/**
 * Where a function of a project finds network and database: in the exports of its own stacks, of which a consumer's hand on
 * what they read of the provider. The group of the database may be given, where it is another's.
 */
export function projectDatabase() {
  const group = parameter('DatabaseSecurityGroupId', 'String', {
    group: 'Network',
    label: 'Security group of the database',
    Description: 'Security group of a database that is shared. Empty: the one that the stacks of the project name.',
    Default: '',
    AllowedPattern: '^$|^sg-[0-9a-f]{8,17}$',
    ConstraintDescription: 'Give the ID of a security group, or leave it empty.',
  });
  const hasGroup = condition('HasDatabaseSecurityGroup', not(equals(group.ref, '')));
  return {
    fragment: fragment('Database', [group, hasGroup]),
    vpcId: imported('VpcId'),
    privateSubnetIds: split(',', imported('PrivateSubnetIds')),
    databaseSecurityGroupId: hasGroup.pick<string>(group.ref, imported('DatabaseSecurityGroupId')),
    databaseProxyEndpoint: imported('DatabaseProxyEndpoint'),
  };
}
