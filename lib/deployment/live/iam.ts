import {
  GetInstanceProfileCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { clientOf, found, type LiveResource, only, pages, parsed, type Reader, statedParts } from './reading.ts';

export const role: Reader = async (resource) => {
  const client = clientOf(IAMClient, resource.target);
  const RoleName = resource.physicalId;
  const live = (await found(() => client.send(new GetRoleCommand({ RoleName }))))?.Role;
  if (!live) return undefined;
  const elsewhere = policiesFromElsewhere(resource);
  return {
    ...only(live, 'Arn', 'RoleId', 'RoleName', 'Path', 'Description'),
    MaxSessionDuration: live.MaxSessionDuration ?? 3600,
    AssumeRolePolicyDocument: parsed(live.AssumeRolePolicyDocument),
    PermissionsBoundary: live.PermissionsBoundary?.PermissionsBoundaryArn,
    Tags: live.Tags ?? [],
    ...(await statedParts(resource, {
      ManagedPolicyArns: async () => {
        const attached = await pages(async (Marker) => {
          const page = await client.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker }));
          return { items: page.AttachedPolicies, next: page.IsTruncated ? page.Marker : undefined };
        });
        return attached.map(({ PolicyArn }) => PolicyArn).filter((arn) => !elsewhere.has(arn ?? ''));
      },
      Policies: async () => {
        const names = await pages(async (Marker) => {
          const page = await client.send(new ListRolePoliciesCommand({ RoleName, Marker }));
          return { items: page.PolicyNames, next: page.IsTruncated ? page.Marker : undefined };
        });
        return Promise.all(
          names
            .filter((name) => !elsewhere.has(name))
            .map(async (PolicyName) => ({
              PolicyName,
              PolicyDocument: await inlinePolicy(client, RoleName, PolicyName),
            })),
        );
      },
    })),
  };
};

/** Policies that other resources of the stack put on this role: not the role's own. */
function policiesFromElsewhere({ physicalId, stack }: LiveResource): ReadonlySet<string> {
  const names = stack.flatMap(({ type, physicalId: id, stated }) => {
    const onRole = [stated.Roles ?? stated.RoleName].flat().includes(physicalId);
    if (!onRole) return [];
    if (type === 'AWS::IAM::ManagedPolicy') return [id];
    return type === 'AWS::IAM::Policy' || type === 'AWS::IAM::RolePolicy' ? [String(stated.PolicyName)] : [];
  });
  return new Set(names);
}

async function inlinePolicy(client: IAMClient, RoleName: string, PolicyName: string): Promise<unknown> {
  return parsed((await client.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument);
}

export const managedPolicy: Reader = async (resource) => {
  const client = clientOf(IAMClient, resource.target);
  const PolicyArn = resource.physicalId;
  const live = (await found(() => client.send(new GetPolicyCommand({ PolicyArn }))))?.Policy;
  if (!live) return undefined;
  const entities = async () => client.send(new ListEntitiesForPolicyCommand({ PolicyArn }));
  return {
    PolicyArn,
    ...only(live, 'PolicyId', 'DefaultVersionId', 'Path', 'Description'),
    ManagedPolicyName: live.PolicyName,
    ...(await statedParts(resource, {
      PolicyDocument: async () => {
        const version = new GetPolicyVersionCommand({ PolicyArn, VersionId: live.DefaultVersionId });
        return parsed((await client.send(version)).PolicyVersion?.Document);
      },
      Roles: async () => (await entities()).PolicyRoles?.map(({ RoleName }) => RoleName),
      Users: async () => (await entities()).PolicyUsers?.map(({ UserName }) => UserName),
      Groups: async () => (await entities()).PolicyGroups?.map(({ GroupName }) => GroupName),
    })),
  };
};

export const instanceProfile: Reader = async ({ target, physicalId }) => {
  const command = new GetInstanceProfileCommand({ InstanceProfileName: physicalId });
  const live = (await found(() => clientOf(IAMClient, target).send(command)))?.InstanceProfile;
  return (
    live && {
      ...only(live, 'Arn', 'InstanceProfileName', 'Path'),
      Roles: live.Roles?.map(({ RoleName }) => RoleName),
    }
  );
};
