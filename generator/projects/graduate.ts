import { type Consumer, databaseOf, type ParameterValues, type Standalone } from './register.ts';
import { declarationsOf, type ProjectStack, stacksOf } from './stacks.ts';

/** One step from shared to standalone. */
export interface Step {
  readonly title: string;
  readonly commands: readonly string[];
  /** How to see that it worked. */
  readonly check: string;
  readonly interrupts: string;
  /** How to go back. */
  readonly back: string;
}

export interface Graduation {
  readonly project: Standalone;
  readonly stacks: readonly ProjectStack[];
  readonly steps: readonly Step[];
  /** The entry of the register that takes the place of the consumer's. */
  readonly entry: string;
}

const NOTHING = 'nothing';

/** On which the cluster of a provider or of a standalone project listens. */
function databasePort(stacks: readonly ProjectStack[]): string {
  const network = stacks.find(({ stack }) => stack === 'network')!;
  return network.values.DatabasePort ?? String(declarationsOf(network.template).Parameters?.DatabasePort?.Default);
}

/** What a consumer's app stack is given, by the stacks that have it once there is a network too, but what the register says itself. */
function movedParameters(project: Standalone, app: ParameterValues[string]): ParameterValues {
  const moved: Record<string, Record<string, string | number | boolean>> = {};
  for (const stack of stacksOf({ ...project, parameters: {} })) {
    const declared = Object.keys(declarationsOf(stack.template).Parameters ?? {});
    const given: Record<string, string | number | boolean> = { ...project.parameters[stack.stack] };
    if (stack.stack === 'app' || stack.stack === 'network')
      for (const [name, value] of Object.entries(app))
        if (declared.includes(name) && !(name in stack.values)) given[name] ??= value;
    if (Object.keys(given).length > 0) moved[stack.stack] = given;
  }
  return moved;
}

/**
 * The way of a consumer to infrastructure of its own. It stands beside the shared one under another resource prefix, because every
 * physical name begins with the prefix and a stack cannot take a name that another holds; traffic moves by DNS, and the old stacks
 * go last.
 */
export function graduation(consumer: Consumer, certificateArn: string, resourcePrefix: string): Graduation {
  const { name, provider, domain, environment, image, priority } = consumer;
  const { 'app-consumer': app = {}, ...parameters } = consumer.parameters;
  const base: Standalone = {
    name,
    mode: 'standalone',
    environment,
    domain,
    resourcePrefix,
    databaseSecretPath: `${resourcePrefix}/database-credentials`,
    certificateArn,
    ...(image !== undefined && { image }),
    parameters,
  };
  const project: Standalone = { ...base, parameters: movedParameters(base, app) };
  const stacks = stacksOf(project).map((stack) => ({
    ...stack,
    parameterFile: stack.parameterFile.replace(`params/${name}/`, `params/${resourcePrefix}/`),
  }));
  const { region } = environment;
  const old = databaseOf(consumer);
  const own = databaseOf(project);
  const oldPort = databasePort(stacksOf({ ...provider, mode: 'provider' }));
  const ownPort = databasePort(stacks);
  const copy = [
    `pg_dump --format=custom --no-owner --no-privileges --file=${old}.dump "host=<shared cluster endpoint> port=${oldPort} dbname=${old} user=${old}_user sslmode=verify-full"`,
    `pg_restore --clean --if-exists --no-owner --no-privileges --dbname="host=<own cluster endpoint> port=${ownPort} dbname=${own} user=${own}_user sslmode=verify-full" ${old}.dump`,
  ];
  const exported = (id: string) =>
    `aws cloudformation list-exports --region ${region} --query "Exports[?Name=='${resourcePrefix}-${id}'].Value" --output text`;
  const service = (prefix: string, count: number) =>
    `aws ecs update-service --region ${region} --cluster ${prefix}-app --service ${prefix}-app --desired-count ${count}`;
  const scaling = (prefix: string, suspended: boolean) => {
    const states = ['DynamicScalingIn', 'DynamicScalingOut', 'ScheduledScaling'].map(
      (each) => `${each}Suspended=${suspended}`,
    );
    return `aws application-autoscaling register-scalable-target --region ${region} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/${prefix}-app/${prefix}-app --suspended-state ${states.join(',')}`;
  };
  const events = `${consumer.resourcePrefix}-event-consumer`;
  const deploy = stacks.map(
    ({ stackName, template, parameterFile }) =>
      `aws cloudformation deploy --region ${region} --stack-name ${stackName} --template-file ${template} --parameter-overrides file://${parameterFile} --capabilities CAPABILITY_NAMED_IAM`,
  );
  const steps: Step[] = [
    {
      title: 'Lower the TTL of the domain, a day before',
      commands: [`dig +noall +answer ${domain}`],
      check: 'dig shows a TTL of 60 seconds or less',
      interrupts: NOTHING,
      back: 'raise the TTL again',
    },
    {
      title: `Deploy the stacks of ${resourcePrefix} beside those that are shared`,
      commands: deploy,
      check: `aws cloudformation describe-stacks --region ${region} --stack-name ${resourcePrefix}-app shows CREATE_COMPLETE; the service answers on the name of its own load balancer`,
      interrupts: `${NOTHING}: no name and no listener is shared with what stands; it costs from here on`,
      back: `delete the stacks of ${resourcePrefix}, last first`,
    },
    {
      title: 'Make the database and its user, with the password that the app stack made',
      commands: [
        `plainform database create ${resourcePrefix} --exports ${resourcePrefix} --region ${region} --ca global-bundle.pem`,
      ],
      check: `plainform database check ${resourcePrefix} --exports ${resourcePrefix} --region ${region} --ca global-bundle.pem`,
      interrupts: NOTHING,
      back: `plainform database drop ${resourcePrefix} --exports ${resourcePrefix} --region ${region} --ca global-bundle.pem`,
    },
    {
      title: 'Rehearse the copy of the data',
      commands: copy,
      check:
        'row counts of the largest tables are those of the source at the time of the dump; note how long both took',
      interrupts: `${NOTHING}; it reads the shared cluster: do it when the others are quiet`,
      back: `restore again: what is there is dropped first`,
    },
    {
      title: 'Stop writing',
      commands: [
        scaling(consumer.resourcePrefix, true),
        service(consumer.resourcePrefix, 0),
        `aws lambda put-function-concurrency --region ${region} --function-name ${events} --reserved-concurrent-executions 0`,
      ],
      check: `aws ecs describe-services --region ${region} --cluster ${consumer.resourcePrefix}-app --services ${consumer.resourcePrefix}-app shows no running task; events wait in their queue`,
      interrupts: `${domain} answers with 503 from here until the last step but two: as long as the rehearsal took, and the TTL`,
      back: `${service(consumer.resourcePrefix, 1)}; let scaling and the consumer of events go on: the same commands with false, and the former concurrency`,
    },
    {
      title: 'Copy the data for good',
      commands: copy,
      check: 'row counts are the same on both sides; sequences stand where they stood',
      interrupts: 'the interruption goes on',
      back: `${service(consumer.resourcePrefix, 1)}: the source was not changed`,
    },
    {
      title: `Point ${domain} at the load balancer of ${resourcePrefix}`,
      commands: [exported('LoadBalancerDnsName'), `dig +short ${domain}`],
      check: `curl --fail https://${domain}/health answers from the new service`,
      interrupts: 'it ends here, for each client when its TTL has run out',
      back: `point it at the load balancer of ${provider.name} again and start the old service; what was written since is in ${own} only`,
    },
    {
      title: 'Write the new entry into the register',
      commands: ['plainform params'],
      check: `plainform projects list shows it as standalone; the files under params/${resourcePrefix} are those under params/${name} now, and can go`,
      interrupts: NOTHING,
      back: `write the consumer's entry again, with priority ${priority}`,
    },
    {
      title: 'After a week without a way back: remove what was shared',
      commands: [
        ...[...stacksOf(consumer)]
          .reverse()
          .map(
            ({ stackName }) =>
              `plainform destroy --target aws --stack-name ${stackName} --region ${region} --yes ${stackName}`,
          ),
        `plainform database drop ${name} --provider ${provider.name} --yes ${name}`,
      ],
      check: `no rule for ${domain} is on the listener of ${provider.name}: plainform projects list --target aws`,
      interrupts: NOTHING,
      back: 'none: the dump that `database drop` makes is what is left',
    },
  ];
  const written = [
    `environment: ${environment.name}`,
    `domain: ${domain}`,
    `certificateArn: "${certificateArn}"`,
    `resourcePrefix: ${resourcePrefix}`,
    ...(image === undefined ? [] : [`image: "${image}"`]),
    ...(Object.keys(project.parameters).length === 0 ? [] : [`parameters: ${JSON.stringify(project.parameters)}`]),
  ];
  return { project, stacks, steps, entry: `${name}: { ${written.join(', ')} }` };
}
