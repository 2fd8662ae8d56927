import { type Controls, on } from './control.ts';
import { all } from './judgement.ts';

const POOL = 'AWS::Cognito::UserPool';

export const cognito: Controls = {
  'Cognito.1': on(POOL, (pool) => pool.at('UserPoolAddOns', 'AdvancedSecurityMode').is('ENFORCED')),
  'PF.Cognito.mfa': on(POOL, (pool) => pool.at('MfaConfiguration').is('ON', 'OPTIONAL')),
  'PF.Cognito.pw': on(POOL, (pool) => {
    const policy = pool.at('Policies', 'PasswordPolicy');
    const kinds = ['RequireLowercase', 'RequireUppercase', 'RequireNumbers', 'RequireSymbols'];
    return all([() => policy.at('MinimumLength').atLeast(8), ...kinds.map((kind) => () => policy.at(kind).is(true))]);
  }),
  'PF.Cognito.del': on(POOL, (pool) => pool.at('DeletionProtection').is('ACTIVE')),
};
