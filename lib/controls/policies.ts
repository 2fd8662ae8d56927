import type { Controls } from './control.ts';
import { all, any, fails, type Judgement, when } from './judgement.ts';
import type { Subject } from './place.ts';
import { admitsAnyone, allows, limitsCallers, notPublic } from './policy.ts';

/** Where a policy of a resource stands, in types that have no control of Security Hub for it. */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGateway::DomainNameV2': ['ManagementPolicy', 'Policy'],
  'AWS::Backup::BackupVault': ['AccessPolicy'],
  'AWS::CodeArtifact::Domain': ['PermissionsPolicyDocument'],
  'AWS::CodeArtifact::Repository': ['PermissionsPolicyDocument'],
  'AWS::DynamoDB::Table': ['ResourcePolicy.PolicyDocument', 'StreamSpecification.ResourcePolicy.PolicyDocument'],
  'AWS::ECR::RegistryPolicy': ['PolicyText'],
  'AWS::EFS::FileSystem': ['FileSystemPolicy'],
  'AWS::Elasticsearch::Domain': ['AccessPolicies'],
  'AWS::Events::EventBus': ['Policy'],
  'AWS::Kinesis::ResourcePolicy': ['ResourcePolicy'],
  'AWS::Logs::ResourcePolicy': ['PolicyDocument'],
  'AWS::MSK::ClusterPolicy': ['Policy'],
  'AWS::OpenSearchService::Domain': ['AccessPolicies'],
  'AWS::S3::AccessPoint': ['Policy'],
  'AWS::S3Express::BucketPolicy': ['PolicyDocument'],
  'AWS::S3ObjectLambda::AccessPointPolicy': ['PolicyDocument'],
  'AWS::S3Tables::TableBucketPolicy': ['ResourcePolicy'],
  'AWS::SecretsManager::ResourcePolicy': ['ResourcePolicy'],
};

const documentsOf = (subject: Subject): Judgement =>
  all(DOCUMENTS[subject.type]!.map((path) => () => notPublic(subject.at(...path.split('.')))));

/** One statement, as properties of a resource or as its `Statement`. */
function busPolicy(policy: Subject): Judgement {
  const statement = policy.at('Statement');
  return all([
    () =>
      when(statement.present(), () =>
        when(all([() => allows(statement), () => admitsAnyone(statement)]), () => limitsCallers(statement)),
      ),
    () =>
      when(policy.at('Principal').is('*'), () =>
        // Here a condition has one key, one type and one value.
        any(
          [() => policy.at('Condition', 'Value').present()],
          fails(
            policy.at('Principal').here,
            'anyone may put events: Principal is * and no Condition names an organisation',
          ),
        ),
      ),
  ]);
}

export const policies: Controls = {
  'PF.Policy.public': {
    types: [...Object.keys(DOCUMENTS), 'AWS::Events::EventBusPolicy'],
    judge: (subject) => {
      if (subject.type === 'AWS::Events::EventBusPolicy') return busPolicy(subject);
      return documentsOf(subject);
    },
  },
};
