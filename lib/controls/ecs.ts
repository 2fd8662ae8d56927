import { type Controls, on, type Stack } from './control.ts';
import { all, any, fails, type Judgement, not, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import { notMatching } from './tests.ts';

const TASK = 'AWS::ECS::TaskDefinition';
const CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'ECS_ENGINE_AUTH_DATA'];

const SERVICE = 'AWS::ECS::Service';

const isOfWindows = (task: Subject): Judgement =>
  task.at('RuntimePlatform', 'OperatingSystemFamily').matches(/WINDOWS_SERVER_.*/, 'a family of Windows');

/** Its tasks, where the template has them, are of Windows: their platform is at 1.0.0 still. */
const runsWindows = (service: Subject, stack: Stack): Judgement =>
  any(
    stack
      .all(TASK)
      .map(
        (task) => () =>
          all([task.exists(), () => service.at('TaskDefinition').refersTo(task, 'Family'), () => isOfWindows(task)]),
      ),
    fails(service.at('PlatformVersion').here, 'PlatformVersion is not the latest'),
  );

const containers = (task: Subject, judge: (container: Place) => Judgement): Judgement =>
  task.at('ContainerDefinitions').every(judge);

export const ecs: Controls = {
  'ECS.1': on(TASK, (task) =>
    when(task.at('NetworkMode').is('host'), () =>
      containers(task, (container) =>
        any([
          () => container.at('Privileged').is(true),
          () =>
            all([
              () => container.at('User').present(),
              () => container.at('User').test(notMatching(/(root|0)(:.*)?/, 'a user other than root')),
            ]),
        ]),
      ),
    ),
  ),
  'ECS.2': on(SERVICE, (service) =>
    service.at('NetworkConfiguration', 'AwsvpcConfiguration', 'AssignPublicIp').isNot('ENABLED'),
  ),
  'ECS.3': on(TASK, (task) => task.at('PidMode').isNot('host')),
  'ECS.4': on(TASK, (task) => containers(task, (container) => container.at('Privileged').isNot(true))),
  // Containers of Windows cannot have it.
  'ECS.5': on(TASK, (task) =>
    when(not(isOfWindows(task), task.here, 'it is of Windows'), () =>
      containers(task, (container) => container.at('ReadonlyRootFilesystem').is(true)),
    ),
  ),
  'ECS.8': on(TASK, (task) =>
    containers(task, (container) =>
      container
        .at('Environment')
        .every((variable) =>
          not(() => variable.at('Name').is(...CREDENTIALS), variable.here, 'credentials are passed in the environment'),
        ),
    ),
  ),
  'ECS.9': on(TASK, (task) => containers(task, (container) => container.at('LogConfiguration', 'LogDriver').present())),
  // Only Fargate has platform versions, also where a capacity provider chooses it.
  'ECS.10': on(SERVICE, (service, stack) =>
    when(service.at('LaunchType').isNot('EC2', 'EXTERNAL'), () =>
      any([
        () => service.at('PlatformVersion').isNot('1.0.0', '1.1.0', '1.2.0', '1.3.0'),
        () => all([service.at('PlatformVersion').is('1.0.0'), () => runsWindows(service, stack)]),
      ]),
    ),
  ),
  'ECS.12': on('AWS::ECS::Cluster', (cluster) =>
    cluster
      .at('ClusterSettings')
      .some(
        (setting) =>
          all([() => setting.at('Name').is('containerInsights'), () => setting.at('Value').is('enabled', 'enhanced')]),
        'containerInsights is not switched on',
      ),
  ),
};
