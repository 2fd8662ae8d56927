import { sub } from '../../lib/cfn/index.ts';

/**
 * What a vault says about its recovery points. It does not refuse changes of itself: then no deployment could ever change
 * it again. That is left to the permissions boundary, which refuses them to people.
 */
export const recoveryPointsStay = {
  comment: 'A recovery point ends by its lifecycle; only the Admin role can end it sooner.',
  policy: {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'RecoveryPointsStay',
        Effect: 'Deny',
        Principal: '*',
        Action: [
          'backup:DeleteRecoveryPoint',
          'backup:DisassociateRecoveryPoint',
          'backup:UpdateRecoveryPointLifecycle',
        ],
        Resource: '*',
        Condition: {
          ArnNotEquals: {
            'aws:PrincipalArn': sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${EnvironmentSuffix}-admin'),
          },
        },
      },
    ],
  },
} as const;
