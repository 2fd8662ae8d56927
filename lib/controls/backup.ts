import { type Controls, on } from './control.ts';
import { all, any, fails, HOLDS } from './judgement.ts';
import { admitsAnyone, coversAction, denies, shutsOut, someStatement } from './policy.ts';
import { matching } from './tests.ts';

const PLAN = 'AWS::Backup::BackupPlan';
const VAULT = 'AWS::Backup::BackupVault';

/** Each day at least: of the fields of the cron expression, day of month, month and day of week say nothing. */
const DAILY = {
  ...matching(
    /cron\(\S+ \S+ (\*|\?|\*\/1|1\/1) \* (\?|\*|MON-SUN|SUN-SAT|1-7)( \*)?\)|rate\((1 day|1 hour|([2-9]|1\d|2[0-4]) hours|1 minute|([2-9]|\d\d|\d\d\d|1[0-3]\d\d|14[0-3]\d|1440) minutes)\)/,
    'once a day at least',
  ),
  edges: ['cron(0 5 * * ? *)', 'cron(0 5 ? * 1 *)'],
};

export const backup: Controls = {
  'Backup.1': on(VAULT, (vault) => vault.at('EncryptionKeyArn').present()),
  // As the Config rule backup-plan-min-frequency-and-min-retention-check asks it by default.
  'PF.Backup.plan': on(PLAN, (plan) =>
    plan
      .at('BackupPlan', 'BackupPlanRule')
      .some(
        (rule) =>
          all([
            () => rule.at('ScheduleExpression').test(DAILY),
            () => rule.at('Lifecycle', 'DeleteAfterDays').atLeast(35, { absent: HOLDS }),
          ]),
        'no rule backs up once a day and keeps it for 35 days',
      ),
  ),
  'PF.Backup.copy': on(PLAN, (plan) =>
    plan
      .at('BackupPlan', 'BackupPlanRule')
      .some(
        (rule) =>
          rule.at('CopyActions').some((copy) => copy.at('DestinationBackupVaultArn').present(), 'it copies nothing'),
        'no rule copies to another vault',
      ),
  ),
  'PF.Backup.lock': on([VAULT, 'AWS::Backup::LogicallyAirGappedBackupVault'], (vault) => {
    if (vault.type !== VAULT) return HOLDS; // these are locked by their kind
    return any(
      [
        () => vault.at('LockConfiguration').present(),
        () =>
          someStatement(
            vault.at('AccessPolicy'),
            (statement) =>
              all([
                () => denies(statement),
                () => admitsAnyone(statement),
                () => coversAction(statement, 'backup:DeleteRecoveryPoint'),
                () => shutsOut(statement),
              ]),
            'its AccessPolicy does not deny backup:DeleteRecoveryPoint to everybody',
          ),
      ],
      fails(
        vault.here,
        'nothing keeps recovery points from being deleted: no LockConfiguration, no Deny in AccessPolicy',
      ),
    );
  }),
};
