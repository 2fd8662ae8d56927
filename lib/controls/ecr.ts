import { type Controls, on } from './control.ts';
import { notPublic } from './policy.ts';

const REPOSITORY = 'AWS::ECR::Repository';

export const ecr: Controls = {
  'ECR.1': on(REPOSITORY, (repository) => repository.at('ImageScanningConfiguration', 'ScanOnPush').is(true)),
  'ECR.2': on(REPOSITORY, (repository) =>
    repository.at('ImageTagMutability').is('IMMUTABLE', 'IMMUTABLE_WITH_EXCLUSION'),
  ),
  'ECR.3': on(REPOSITORY, (repository) => repository.at('LifecyclePolicy').present('LifecyclePolicy is missing')),
  'PF.ECR.public': on(REPOSITORY, (repository) => notPublic(repository.at('RepositoryPolicyText'))),
};
