import { compose } from '../../../lib/cfn/index.ts';
import { alertTopic } from '../../capabilities/alert-topic.ts';
import { environment, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { events } from '../../capabilities/events.ts';
import { projectSecret } from '../../capabilities/project-secret.ts';
import { sharedDatabase } from '../../capabilities/shared-database.ts';

/** The same in a project that shares network and database of another. Deploy after `shared/app-consumer`. */
export function sharedEventsConsumer() {
  const base = environment(RESOURCE_PREFIX);
  const database = sharedDatabase();
  const secret = projectSecret();
  const topic = alertTopic();
  return compose({
    name: 'shared/events-consumer',
    source: 'generator/stacks/shared/events-consumer.ts',
    description: 'Shared infrastructure: events of a project, with a shared database',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      ...[database, secret, topic].map(({ fragment }) => fragment),
      events({ ...database, ...secret, ...topic }).fragment,
    ],
  });
}
