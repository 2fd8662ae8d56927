import { type Controls, on } from './control.ts';
import { all, any, fails, HOLDS, type Judgement, when } from './judgement.ts';
import type { Place } from './place.ts';
import { notMatching, type TextTest } from './tests.ts';

const PROJECT = 'AWS::CodeBuild::Project';

/** `https://user:token@github.com/…` */
const NO_CREDENTIALS: TextTest = {
  ...notMatching(/https?:\/\/[^/]*@.*/, 'a URL without a user name or a token'),
  passesUnknown: ({ parts }) => {
    const [first] = parts ?? [];
    if (typeof first !== 'string') return undefined;
    const scheme = /^https?:\/\//.exec(first)?.[0];
    if (!scheme) return ['http://', 'https://'].some((whole) => whole.startsWith(first)) ? undefined : true;
    // What a deployment fills in stands for no slash: it is a user name, a token, a host.
    const text = parts!.map((part) => (typeof part === 'string' ? part : '\0')).join('');
    const [host] = text.slice(scheme.length).split('/');
    return host!.includes('@') ? false : host!.includes('\0') ? undefined : true;
  },
};

/** Written out: a parameter or a dynamic reference is no text yet. */
const keepsNoKey = (variable: Place): Judgement =>
  when(
    all([
      () => variable.at('Name').is('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'),
      () => variable.at('Type').isNot('PARAMETER_STORE', 'SECRETS_MANAGER'),
    ]),
    () => fails(variable.here, 'a key of AWS stands in the environment of the build'),
  );

export const codebuild: Controls = {
  'CodeBuild.1': on(PROJECT, (project) =>
    all([
      () => project.at('Source', 'Location').test(NO_CREDENTIALS, { absent: HOLDS }),
      () =>
        project.at('SecondarySources').every((source) => source.at('Location').test(NO_CREDENTIALS, { absent: HOLDS })),
    ]),
  ),
  'CodeBuild.2': on(PROJECT, (project) => project.at('Environment', 'EnvironmentVariables').every(keepsNoKey)),
  'CodeBuild.3': on(PROJECT, (project) => {
    const logs = project.at('LogsConfig', 'S3Logs');
    return when(logs.at('Status').is('ENABLED'), () => logs.at('EncryptionDisabled').isNot(true));
  }),
  // CloudWatch Logs are on unless they are switched off.
  'CodeBuild.4': on(PROJECT, (project) => {
    const logs = project.at('LogsConfig');
    return any(
      [() => logs.at('CloudWatchLogs', 'Status').isNot('DISABLED'), () => logs.at('S3Logs', 'Status').is('ENABLED')],
      fails(logs.here, 'neither CloudWatch Logs nor S3 logs are enabled'),
    );
  }),
  'CodeBuild.5': on(PROJECT, (project) => project.at('Environment', 'PrivilegedMode').isNot(true)),
  'CodeBuild.7': on('AWS::CodeBuild::ReportGroup', (group) => {
    const exported = group.at('ExportConfig');
    return when(exported.at('ExportConfigType').is('S3'), () =>
      exported.at('S3Destination', 'EncryptionDisabled').isNot(true),
    );
  }),
};
