import { type Declaration, equals, fragment, not, or, parameter, rule } from '../../lib/cfn/index.ts';

/** A path of Parameter Store without the names that it keeps for itself (Systems Manager user guide, 2026-11). */
const PREFIX = '/(?![aA][wW][sS]|[sS][sS][mM])[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*';

function prefixParameter(id: string, label: string, Description: string, required: boolean) {
  return parameter(id, 'String', {
    group: 'Required',
    label,
    Description,
    ...(!required && { Default: '' }),
    AllowedPattern: required ? `^${PREFIX}$` : `^$|^${PREFIX}$`,
    MaxLength: 200,
    ConstraintDescription: `Give a path as in /shared-infra/prod, not below /aws or /ssm${required ? '' : ', or leave it empty'}.`,
  });
}

/**
 * Of a project with infrastructure of its own: under which prefix it exports that, and the certificate that this takes. By
 * default it stands alone. It takes `SharedInfraPrefix` only to say that a consumer has a template of its own.
 */
export function ownInfrastructure({ exports }: { exports: 'always' | 'where wanted' }) {
  const exportPrefix = prefixParameter(
    'ExportPrefix',
    'Prefix to export under',
    `Path of the eleven SSM parameters that consumers read.${exports === 'always' ? '' : ' Empty: the project stands alone.'}`,
    exports === 'always',
  );
  const sharedInfraPrefix = prefixParameter(
    'SharedInfraPrefix',
    'Prefix of another project',
    'For consumers only, which deploy shared/app-consumer. Leave it empty.',
    false,
  );
  const certificateArn = parameter('CertificateArn', 'String', {
    group: 'Required',
    label: 'Certificate',
    Description:
      'ARN of the certificate of the HTTPS listener, of this region. Empty: HTTP only, and nothing is exported.',
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$',
    ConstraintDescription: 'Give the ARN of a certificate of ACM, or leave it empty.',
  });
  const exportsOrConsumes = notBoth(exportPrefix, sharedInfraPrefix);
  const standsAlone = rule('ConsumerHasOwnTemplate', {
    RuleCondition: equals(exportPrefix.ref, ''),
    Assertions: [
      {
        Assert: equals(sharedInfraPrefix.ref, ''),
        AssertDescription:
          'Leave SharedInfraPrefix empty: this makes its own infrastructure. To use that of another project deploy shared/app-consumer.',
      },
    ],
  });
  const exportNeedsCertificate = rule('ExportNeedsCertificate', {
    RuleCondition: not(equals(exportPrefix.ref, '')),
    Assertions: [
      {
        Assert: not(equals(certificateArn.ref, '')),
        AssertDescription:
          'Set CertificateArn where ExportPrefix is set: consumers add their rules to the HTTPS listener, which needs one.',
      },
    ],
  });
  const rules = exports === 'always' ? [exportsOrConsumes] : [exportsOrConsumes, standsAlone];
  return {
    fragment: fragment('Sharing', [
      ...[exportPrefix, certificateArn, sharedInfraPrefix],
      ...[...rules, exportNeedsCertificate],
    ]),
    exportPrefix,
    certificateArn,
  };
}

/** Of what a consumer does not have at all: it takes `SharedInfraPrefix` only to say so. */
export function noConsumer() {
  const sharedInfraPrefix = prefixParameter(
    'SharedInfraPrefix',
    'Prefix of another project',
    'For consumers only, which have no network of their own. Leave it empty.',
    false,
  );
  const consumerHasNone = rule('ConsumerHasNoNetwork', {
    Assertions: [
      {
        Assert: equals(sharedInfraPrefix.ref, ''),
        AssertDescription:
          'Leave SharedInfraPrefix empty: a project on the network of another has none. It deploys shared/app-consumer.',
      },
    ],
  });
  return { fragment: fragment('Sharing', [sharedInfraPrefix, consumerHasNone]) };
}

/** Of a consumer: whose infrastructure it uses, and the domain and priority by which the shared listener finds it. */
export function usedInfrastructure() {
  const sharedInfraPrefix = prefixParameter(
    'SharedInfraPrefix',
    'Prefix of the provider',
    'Path under which the provider writes its eleven SSM parameters.',
    false,
  );
  const exportPrefix = prefixParameter(
    'ExportPrefix',
    'Prefix to export under',
    'For providers only, which deploy shared/app and shared/export. Leave it empty.',
    false,
  );
  const domainName = parameter('DomainName', 'String', {
    group: 'Required',
    label: 'Domain',
    Description: 'Host name by which the load balancer finds this project.',
    Default: '',
    AllowedPattern: '^$|^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$',
    MaxLength: 128,
    ConstraintDescription: 'Give one domain name in lower case of at most 128 characters, as in api.example.com.',
  });
  const priority = parameter('ListenerRulePriority', 'String', {
    group: 'Required',
    label: 'Priority on the listener',
    Description: 'Number from 100 to 999, of which each project on a listener has its own.',
    Default: '',
    AllowedPattern: '^$|^[1-9][0-9]{2}$',
    ConstraintDescription: 'Give a number from 100 to 999 that no other project on the listener has.',
  });
  const saysWhatItUses = rule('ConsumerSaysWhatItUses', {
    Assertions: [
      {
        Assert: not(equals(sharedInfraPrefix.ref, '')),
        AssertDescription:
          'Set SharedInfraPrefix to the prefix that the provider exports under, as in /shared-infra/prod.',
      },
      {
        Assert: not(equals(domainName.ref, '')),
        AssertDescription: 'Set DomainName to the host name by which the load balancer finds this project.',
      },
      {
        Assert: not(equals(priority.ref, '')),
        AssertDescription:
          'Set ListenerRulePriority to a number from 100 to 999 that no other project on the listener has.',
      },
    ],
  });
  const items: Declaration[] = [sharedInfraPrefix, domainName, priority, exportPrefix];
  return {
    fragment: fragment('Sharing', [...items, notBoth(exportPrefix, sharedInfraPrefix), saysWhatItUses]),
    domainName,
    priority,
  };
}

function notBoth(exportPrefix: ReturnType<typeof parameter>, sharedInfraPrefix: ReturnType<typeof parameter>) {
  return rule('ExportsOrConsumes', {
    Assertions: [
      {
        Assert: or(equals(exportPrefix.ref, ''), equals(sharedInfraPrefix.ref, '')),
        AssertDescription:
          'Leave ExportPrefix or SharedInfraPrefix empty: a project provides infrastructure or uses that of another, not both.',
      },
    ],
  });
}
