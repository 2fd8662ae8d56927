import { type Control, type Controls, on, type Stack } from './control.ts';
import { all, any, fails, type Judgement, notKnown } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import { alone } from './rds.ts';
import { matching, type TextTest } from './tests.ts';

/** An ARN of AWS Backup's: the service, and what stands before the name. */
interface Kind {
  readonly service: string;
  readonly before: string;
}

const SELECTION = 'AWS::Backup::BackupSelection';

/** Every resource of the kind in this account and region, as an account sees it that fills in its own. */
function wholeKind({ service, before }: Kind): TextTest {
  const test = matching(
    new RegExp(`\\*|arn:[^:]*:${service}:(\\*|own):(\\*|own):${before}\\*`),
    `every ${before.slice(0, -1)}, or all there is`,
  );
  return {
    ...test,
    passesUnknown: ({ parts, dependsOn, $unknown }) => {
      if ($unknown === 'attribute' || $unknown === 'reference') return false; // of one resource
      if (!parts || dependsOn.some(({ kind }) => kind !== 'pseudo')) return undefined;
      return test.passes(parts.map((part) => (typeof part === 'string' ? part : 'own')).join('')) || undefined;
    },
  };
}

/** An ARN, or a pattern of some, that may be that of a resource of the kind: the name is not known before deployment. */
const ofKind = ({ service }: Kind): TextTest => ({
  ...matching(new RegExp(`(\\*|arn:[^:]*:(${service}|[^:]*\\*[^:]*):).*`), `an ARN of ${service}`),
  passesUnknown: ({ parts, $unknown }) => {
    if ($unknown === 'attribute' || $unknown === 'reference') return false; // of another resource of the template
    const named = parts?.map((part) => (typeof part === 'string' ? part : '*')).join('');
    return named === undefined ? undefined : !/^arn:[^:]*:[a-z0-9-]+:/.test(named) || named.split(':')[2] === service;
  },
});

function takesByName(chosen: Place, subject: Subject, kind: Kind): Judgement {
  return chosen
    .at('Resources')
    .some(
      (arn) =>
        any([
          () => arn.refersTo(subject),
          () => arn.test(wholeKind(kind)),
          () => all([arn.test(ofKind(kind)), () => notKnown(arn.here, `it may be the ARN of ${subject.id}`)]),
        ]),
      `Resources does not name ${subject.id}`,
    );
}

function takesByTag(chosen: Place, tags: Place): Judgement {
  return chosen
    .at('ListOfTags')
    .some(
      (wanted) =>
        tags.some(
          (tag) =>
            all([
              () => tag.at('Key').equals(wanted.at('ConditionKey')),
              () => tag.at('Value').equals(wanted.at('ConditionValue')),
            ]),
          'no tag is the one that the selection asks for',
        ),
      'it selects by no tag',
    );
}

/**
 * By its ARN or by a tag, either is enough; Conditions and NotResources narrow that down.
 * Source: AWS Backup API, BackupSelection, and AWS re:Post "Assign resources to a Backup plan", read 2026-11-21.
 */
function takes(selection: Subject, subject: Subject, tags: Place, kind: Kind): Judgement {
  const chosen = selection.at('BackupSelection');
  const narrowed = ['Conditions', 'NotResources'].map(
    (name) => () =>
      any([
        () => chosen.at(name).absent(),
        () => notKnown(chosen.at(name).here, `${name} may leave ${subject.id} out`),
      ]),
  );
  const taken = any([
    () => takesByName(chosen, subject, kind),
    () => takesByTag(chosen, tags),
    () =>
      all([
        () => chosen.at('Resources').absent(),
        () => chosen.at('ListOfTags').absent(),
        () => notKnown(chosen.here, 'it selects whatever the account has opted in to'),
      ]),
  ]);
  return all([selection.exists(), () => taken, ...narrowed]);
}

/** Fails only in a template that selects what is backed up: elsewhere a plan of another stack may take it. */
function selected(subject: Subject, stack: Stack, tags: string, kind: Kind): Judgement {
  const selections = stack.all(SELECTION);
  const otherwise = any(
    selections.map((selection) => () => selection.exists()),
    notKnown(subject.here, `no selection of the template backs up ${subject.id}; one of another stack may`),
  );
  return any(
    selections.map((selection) => () => takes(selection, subject, subject.at(tags), kind)),
    otherwise.is === 'holds' ? fails(subject.here, `no selection of the template backs up ${subject.id}`) : otherwise,
  );
}

const inPlan = (type: string, service: string, before: string): Control =>
  on(type, (subject, stack) => selected(subject, stack, 'Tags', { service, before }));

const SYSTEM = 'AWS::EFS::FileSystem';

/** In a backup plan of AWS Backup: what its selections say of databases, tables, volumes and file systems. */
export const backedUp: Controls = {
  'RDS.26': on('AWS::RDS::DBInstance', (instance, stack) =>
    alone(instance, () => selected(instance, stack, 'Tags', { service: 'rds', before: 'db:' })),
  ),
  'PF.Aurora.backup': inPlan('AWS::RDS::DBCluster', 'rds', 'cluster:'),
  'EC2.28': inPlan('AWS::EC2::Volume', 'ec2', 'volume/'),
  'DynamoDB.4': inPlan('AWS::DynamoDB::Table', 'dynamodb', 'table/'),
  'EFS.2': on(SYSTEM, (system, stack) =>
    any(
      [
        () => system.at('BackupPolicy', 'Status').is('ENABLED'),
        ...stack.all(SELECTION).map(
          (selection) => () =>
            takes(selection, system, system.at('FileSystemTags'), {
              service: 'elasticfilesystem',
              before: 'file-system/',
            }),
        ),
      ],
      fails(system.here, 'automatic backups are off, and no selection of the template takes it'),
    ),
  ),
};
