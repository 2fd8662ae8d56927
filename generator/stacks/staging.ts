import { compose, split } from '../../lib/cfn/index.ts';
import { backup, backupTag } from '../capabilities/backup.ts';
import { cache } from '../capabilities/cache.ts';
import { database } from '../capabilities/database.ts';
import { environment, imported, PARAMETER_GROUPS } from '../capabilities/environment.ts';
import { maskingInputs } from '../capabilities/masking-inputs.ts';
import { storage } from '../capabilities/storage.ts';

/** What holds data. Deploy after `staging-foundation`, and after `staging-replica` where backups are copied. */
export function staging() {
  const base = environment();
  const inputs = {
    environmentType: base.environmentType,
    backupTag,
    dataKeyArn: imported('DataKeyArn'),
    backupKeyArn: imported('BackupKeyArn'),
    logsKeyArn: imported('LogsKeyArn'),
    alertTopicArn: imported('AlertTopicArn'),
    dataSubnetIds: split(',', imported('DataSubnetIds')),
    databaseSecurityGroupId: imported('DatabaseSecurityGroupId'),
    databasePort: imported('DatabasePort'),
    cacheSecurityGroupId: imported('CacheSecurityGroupId'),
    cachePort: imported('CachePort'),
  };
  return compose({
    name: 'staging',
    source: 'generator/stacks/staging.ts',
    description: 'Staging: storage, database, cache and backup',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      storage(inputs).fragment,
      database(inputs).fragment,
      cache(inputs).fragment,
      backup(inputs).fragment,
      maskingInputs(inputs).fragment,
    ],
  });
}
