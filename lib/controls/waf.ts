import { type Controls, on, type Stack } from './control.ts';
import { all, any, fails, type Judgement } from './judgement.ts';
import type { Subject } from './place.ts';

/** A logging configuration of the template that is for this web ACL. */
function isLogged(acl: Subject, stack: Stack, type: string, resource: string): Judgement {
  return any(
    stack
      .all(type)
      .map(
        (logging) => () =>
          all([
            logging.exists(),
            () => logging.at(resource).refersTo(acl),
            () => logging.at('LogDestinationConfigs').present(),
          ]),
      ),
    fails(acl.here, `no ${type} of the template is for ${acl.id}`),
  );
}

export const waf: Controls = {
  'WAF.10': on('AWS::WAFv2::WebACL', (acl) => acl.at('Rules').some((rule) => rule.present(), 'it has no rule')),
  'WAF.11': on('AWS::WAFv2::WebACL', (acl, stack) =>
    isLogged(acl, stack, 'AWS::WAFv2::LoggingConfiguration', 'ResourceArn'),
  ),
  'WAF.12': on(['AWS::WAFv2::WebACL', 'AWS::WAFv2::RuleGroup'], (acl) =>
    all([
      () => acl.at('VisibilityConfig', 'CloudWatchMetricsEnabled').is(true),
      () => acl.at('Rules').every((rule) => rule.at('VisibilityConfig', 'CloudWatchMetricsEnabled').is(true)),
    ]),
  ),
};
