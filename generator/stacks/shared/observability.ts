import { compose } from '../../../lib/cfn/index.ts';
import { alertTopic } from '../../capabilities/alert-topic.ts';
import { environment, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { observability } from '../../capabilities/observability.ts';

/** Deploy after the app stack of the project. What CloudFront measures is in us-east-1 and not here. */
export function sharedObservability() {
  const topic = alertTopic();
  return compose({
    name: 'shared/observability',
    source: 'generator/stacks/shared/observability.ts',
    description: 'Shared infrastructure: alarms and dashboard of a project',
    groups: PARAMETER_GROUPS,
    fragments: [environment(RESOURCE_PREFIX).fragment, topic.fragment, observability(topic).fragment],
  });
}
