import { compose } from '../../../lib/cfn/index.ts';
import { alertTopic } from '../../capabilities/alert-topic.ts';
import { projectCredentials } from '../../capabilities/credentials.ts';
import { environment, imported, PARAMETER_GROUPS, RESOURCE_PREFIX } from '../../capabilities/environment.ts';
import { events } from '../../capabilities/events.ts';
import { projectDatabase } from '../../capabilities/project-database.ts';

/** Deploy after `shared/app`, or after `shared/app-consumer`, which hands on what it reads of its provider. */
export function sharedEvents() {
  const base = environment(RESOURCE_PREFIX);
  const database = projectDatabase();
  const secret = projectCredentials({ keyArn: imported('DataKeyArn') });
  const topic = alertTopic();
  return compose({
    name: 'shared/events',
    source: 'generator/stacks/shared/events.ts',
    description: 'Shared infrastructure: events of a project',
    groups: PARAMETER_GROUPS,
    fragments: [
      base.fragment,
      ...[database, secret, topic].map(({ fragment }) => fragment),
      events({ ...database, ...secret, ...topic }).fragment,
    ],
  });
}
