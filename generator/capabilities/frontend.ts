import {
  and,
  aws,
  condition,
  equals,
  type Fragment,
  fragment,
  meets,
  not,
  noValue,
  or,
  type Parameter,
  parameter,
  resource,
  rule,
  sub,
} from '../../lib/cfn/index.ts';
import type { PolicyDocument } from '../../lib/spec/policy.ts';
import { exportedOutput, imported, named, tags } from './environment.ts';
import { httpsOnly, noPublicAccess } from './https-only.ts';

/** Managed policies of CloudFront, the same in every account. Source: CloudFront developer guide, managed policies, read 2026-11-21. */
const CACHING_OPTIMIZED = '658327ea-f89d-4fab-a63d-7e88639e58f6';
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const ALL_VIEWER_EXCEPT_HOST = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

const DOMAIN = '(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}';

interface Inputs {
  environmentType: Parameter;
}

/**
 * A web application: a private bucket behind CloudFront, and below /api/ the load balancer. At rest: storage only; requests
 * and traffic cost as they come. Deletion of the stack keeps both buckets. CloudFront is global: names hold the region, so
 * that a project can stand in two.
 */
export function frontend({ environmentType }: Inputs): { fragment: Fragment } {
  const apiDomainName = parameter('ApiDomainName', 'String', {
    group: 'Required',
    label: 'Domain of the API',
    Description: 'Name in the certificate of the load balancer, by which it finds the project: api.example.com.',
    AllowedPattern: `^${DOMAIN.replace('(\\*\\.)?', '')}$`,
    MaxLength: 64,
    ConstraintDescription: 'Give one domain name in lower case, of at most 64 characters.',
  });
  const loadBalancer = parameter('LoadBalancerDnsName', 'String', {
    group: 'Network',
    label: 'DNS name of the load balancer',
    Description: "For a consumer: DNS name of the provider's load balancer. Empty: that of the app stack is imported.",
    Default: '',
    AllowedPattern: '^$|^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9-]+)*\\.elb\\.amazonaws\\.com(\\.cn)?$',
    ConstraintDescription: 'Give the name as AWS made it (….elb.amazonaws.com), or leave it empty.',
  });
  const domainName = parameter('FrontendDomainName', 'String', {
    group: 'Network',
    label: 'Domain of the frontend',
    Description: "Name under which viewers come: www.example.com. Empty: CloudFront's own name.",
    Default: '',
    AllowedPattern: `^$|^${DOMAIN}$`,
    MaxLength: 253,
    ConstraintDescription: 'Give one domain name in lower case, or leave it empty.',
  });
  const certificateArn = parameter('FrontendCertificateArn', 'String', {
    group: 'Network',
    label: 'Certificate of the frontend',
    Description: 'ARN of a certificate for that domain. CloudFront takes those of us-east-1 only.',
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[0-9a-f-]{36}$',
    ConstraintDescription: 'Give the ARN of an ACM certificate in us-east-1, or leave it empty.',
  });
  const webAclArn = parameter('FrontendWebAclArn', 'String', {
    group: 'Protection',
    label: 'Web ACL of the frontend',
    Description: 'ARN of a WAF web ACL of the scope CLOUDFRONT, which is made in us-east-1. Empty: no WAF.',
    Default: '',
    AllowedPattern: '^$|^arn:aws[a-z-]*:wafv2:us-east-1:[0-9]{12}:global/webacl/[0-9A-Za-z_-]{1,128}/[0-9a-f-]{36}$',
    ConstraintDescription: 'Give the ARN of a web ACL with global scope, or leave it empty.',
  });
  const contentSecurityPolicy = parameter('ContentSecurityPolicy', 'String', {
    group: 'Protection',
    label: 'Content security policy',
    Description: 'What pages may load and from where. An answer of the API that has its own keeps it.',
    Default: "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'",
    AllowedPattern: '^[^\\r\\n]+$',
    MaxLength: 2048,
    ConstraintDescription: 'Give one line.',
  });
  const logDays = parameter('FrontendLogDays', 'Number', {
    group: 'Protection',
    label: 'Access logs kept (days)',
    Description: 'Days for which records of requests are kept.',
    Default: 365,
    MinValue: 1,
    MaxValue: 3650,
  });
  const spaFallback = parameter('SinglePageApplication', 'String', {
    group: 'Operations',
    label: 'Single-page application',
    Description: 'true: a path without a file extension gets index.html, and the application routes it.',
    Default: 'true',
    AllowedValues: ['true', 'false'],
  });
  const priceClass = parameter('FrontendPriceClass', 'String', {
    group: 'Operations',
    label: 'Price class',
    Description: 'Edge locations that serve: 100 is North America and Europe, All is everywhere.',
    Default: 'PriceClass_100',
    AllowedValues: ['PriceClass_100', 'PriceClass_200', 'PriceClass_All'],
  });

  const isGiven = ({ ref }: Parameter) => not(equals(ref, ''));
  const domainAndCertificate = rule('DomainAndCertificate', {
    Assertions: [
      {
        Assert: or(
          and(isGiven(domainName), isGiven(certificateArn)),
          and(equals(domainName.ref, ''), equals(certificateArn.ref, '')),
        ),
        AssertDescription: 'Give FrontendDomainName and FrontendCertificateArn both, or neither.',
      },
    ],
  });
  const productionHasCertificate = rule('ProductionHasItsOwnCertificate', {
    RuleCondition: equals(environmentType.ref, 'production'),
    Assertions: [
      {
        Assert: isGiven(certificateArn),
        AssertDescription:
          'Give FrontendCertificateArn where EnvironmentType is production: under its own name CloudFront takes TLS 1.0 too.',
      },
    ],
  });

  const hasLoadBalancerName = condition('HasLoadBalancerName', isGiven(loadBalancer));
  const hasCertificate = condition('HasCertificate', isGiven(certificateArn));
  const hasWebAcl = condition('HasWebAcl', isGiven(webAclArn));
  const isSinglePage = condition('IsSinglePageApplication', equals(spaFallback.ref, 'true'));

  const globalName = (name: string) => sub(`\${EnvironmentSuffix}-${name}-\${AWS::Region}`);
  const encryption = {
    ServerSideEncryptionConfiguration: [
      { ServerSideEncryptionByDefault: { SSEAlgorithm: meets<'AES256'>('S3.4', 'AES256') } },
    ],
  };

  const logBucket = resource('FrontendLogBucket', 'AWS::S3::Bucket', {
    comment:
      'CloudFront delivers access logs by an access control list, which the bucket therefore has to admit; no public one.',
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: sub('${EnvironmentSuffix}-frontend-logs-${AWS::AccountId}-${AWS::Region}'),
      BucketEncryption: encryption,
      PublicAccessBlockConfiguration: meets('S3.8', noPublicAccess),
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' }] },
      VersioningConfiguration: { Status: meets('S3.14', 'Enabled') },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'ExpireLogs',
            Status: meets(['S3.10', 'S3.13'], 'Enabled'),
            ExpirationInDays: logDays.ref,
            NoncurrentVersionExpiration: { NoncurrentDays: 7 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
      NotificationConfiguration: { EventBridgeConfiguration: meets('S3.11', { EventBridgeEnabled: true }) },
      Tags: tags('frontend-logs'),
    },
  });
  const bucketArn = sub('arn:${AWS::Partition}:s3:::${EnvironmentSuffix}-frontend-${AWS::AccountId}-${AWS::Region}');
  const logBucketPolicy = resource('FrontendLogBucketPolicy', 'AWS::S3::BucketPolicy', {
    Properties: {
      Bucket: logBucket.ref,
      PolicyDocument: meets<PolicyDocument>('S3.5', {
        Version: '2012-10-17',
        Statement: [
          ...httpsOnly(logBucket),
          {
            Sid: 'LogDelivery',
            Effect: 'Allow',
            Principal: { Service: 'logging.s3.amazonaws.com' },
            Action: 's3:PutObject',
            Resource: sub('${FrontendLogBucket.Arn}/bucket/*'),
            Condition: {
              ArnLike: { 'aws:SourceArn': bucketArn },
              StringEquals: { 'aws:SourceAccount': aws.accountId },
            },
          },
        ],
      }),
    },
  });
  const bucket = resource('FrontendBucket', 'AWS::S3::Bucket', {
    comment: 'What is built. Nobody reaches it but CloudFront.',
    DependsOn: [logBucketPolicy],
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: sub('${EnvironmentSuffix}-frontend-${AWS::AccountId}-${AWS::Region}'),
      BucketEncryption: encryption,
      PublicAccessBlockConfiguration: meets('S3.8', noPublicAccess),
      OwnershipControls: { Rules: [{ ObjectOwnership: meets('PF.S3.ownership', 'BucketOwnerEnforced') }] },
      VersioningConfiguration: { Status: meets('S3.14', 'Enabled') },
      LoggingConfiguration: meets('S3.9', { DestinationBucketName: logBucket.ref, LogFilePrefix: 'bucket/' }),
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'TidyReleases',
            Status: meets(['S3.10', 'S3.13'], 'Enabled'),
            NoncurrentVersionExpiration: { NoncurrentDays: 30 },
            ExpiredObjectDeleteMarker: true,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
      NotificationConfiguration: { EventBridgeConfiguration: meets('S3.11', { EventBridgeEnabled: true }) },
      Tags: tags('frontend'),
    },
  });

  const accessControl = resource('FrontendAccessControl', 'AWS::CloudFront::OriginAccessControl', {
    Properties: {
      OriginAccessControlConfig: {
        Name: globalName('frontend'),
        Description: 'Signs every request to the bucket',
        OriginAccessControlOriginType: 's3',
        SigningBehavior: 'always',
        SigningProtocol: 'sigv4',
      },
    },
  });
  const securityHeaders = resource('SecurityHeaders', 'AWS::CloudFront::ResponseHeadersPolicy', {
    Properties: {
      ResponseHeadersPolicyConfig: {
        Name: globalName('security-headers'),
        Comment: 'Browsers stay on HTTPS, sniff no types, show no frames',
        SecurityHeadersConfig: {
          StrictTransportSecurity: {
            AccessControlMaxAgeSec: 31536000,
            IncludeSubdomains: true,
            Override: true,
          },
          ContentTypeOptions: { Override: true },
          FrameOptions: { FrameOption: 'DENY', Override: true },
          ReferrerPolicy: { ReferrerPolicy: 'strict-origin-when-cross-origin', Override: true },
          ContentSecurityPolicy: { ContentSecurityPolicy: contentSecurityPolicy.ref, Override: false },
        },
      },
    },
  });
  const pageRoutes = resource('PageRoutes', 'AWS::CloudFront::Function', {
    comment:
      'Not by custom error responses: those are of the whole distribution and would turn a 404 of the API into a page.',
    Condition: isSinglePage,
    Properties: {
      Name: globalName('page-routes'),
      AutoPublish: true,
      FunctionConfig: { Comment: 'A path without a file extension is a route of the application', Runtime: RUNTIME },
      FunctionCode: PAGE_ROUTES,
      Tags: tags('page-routes'),
    },
  });
  const apiHost = resource('ApiHost', 'AWS::CloudFront::Function', {
    comment:
      'The certificate of the load balancer is for the domain of the API, by which a shared one also finds the project.',
    Properties: {
      Name: globalName('api-host'),
      AutoPublish: true,
      FunctionConfig: { Comment: 'Calls the load balancer by the domain of the API', Runtime: RUNTIME },
      FunctionCode: sub(API_HOST),
      Tags: tags('api-host'),
    },
  });

  const distribution = resource('Distribution', 'AWS::CloudFront::Distribution', {
    comment: "Without a certificate of its own it has CloudFront's name, under which the oldest TLS cannot be refused.",
    DependsOn: [logBucketPolicy],
    Properties: {
      DistributionConfig: {
        Comment: named('frontend'),
        Enabled: true,
        Aliases: hasCertificate.pick([domainName.ref], noValue),
        ViewerCertificate: hasCertificate.pick(
          {
            AcmCertificateArn: certificateArn.ref,
            SslSupportMethod: 'sni-only',
            MinimumProtocolVersion: 'TLSv1.2_2021',
          },
          { CloudFrontDefaultCertificate: true },
        ),
        WebACLId: hasWebAcl.pick<string>(webAclArn.ref, noValue),
        Logging: meets('CloudFront.5', {
          Bucket: logBucket.att('DomainName'),
          Prefix: 'distribution/',
          IncludeCookies: false,
        }),
        DefaultRootObject: meets('CloudFront.1', 'index.html'),
        HttpVersion: 'http2and3',
        IPV6Enabled: true,
        PriceClass: priceClass.ref,
        Origins: [
          {
            Id: 'bucket',
            DomainName: bucket.att('RegionalDomainName'),
            OriginAccessControlId: meets('CloudFront.13', accessControl.att('Id')),
            S3OriginConfig: { OriginAccessIdentity: '' },
          },
          {
            Id: 'api',
            DomainName: hasLoadBalancerName.pick<string>(loadBalancer.ref, imported('LoadBalancerDnsName')),
            CustomOriginConfig: {
              OriginProtocolPolicy: meets('CloudFront.9', 'https-only'),
              HTTPSPort: 443,
              OriginSSLProtocols: [meets('CloudFront.10', 'TLSv1.2')],
              OriginReadTimeout: 30,
            },
          },
        ],
        DefaultCacheBehavior: {
          TargetOriginId: 'bucket',
          ViewerProtocolPolicy: meets('CloudFront.3', 'redirect-to-https'),
          AllowedMethods: ['GET', 'HEAD'],
          CachePolicyId: CACHING_OPTIMIZED,
          ResponseHeadersPolicyId: securityHeaders.ref,
          Compress: true,
          FunctionAssociations: isSinglePage.pick(
            [{ EventType: 'viewer-request', FunctionARN: pageRoutes.att('FunctionARN') }],
            noValue,
          ),
        },
        CacheBehaviors: [
          {
            PathPattern: '/api/*',
            TargetOriginId: 'api',
            ViewerProtocolPolicy: meets('CloudFront.3', 'https-only'),
            AllowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE'],
            CachePolicyId: CACHING_DISABLED,
            OriginRequestPolicyId: ALL_VIEWER_EXCEPT_HOST,
            ResponseHeadersPolicyId: securityHeaders.ref,
            FunctionAssociations: [{ EventType: 'viewer-request', FunctionARN: apiHost.att('FunctionARN') }],
          },
        ],
      },
      Tags: tags('frontend'),
    },
  });
  const bucketPolicy = resource('FrontendBucketPolicy', 'AWS::S3::BucketPolicy', {
    Properties: {
      Bucket: bucket.ref,
      PolicyDocument: meets<PolicyDocument>('S3.5', {
        Version: '2012-10-17',
        Statement: [
          ...httpsOnly(bucket),
          {
            Sid: 'DistributionReads',
            Effect: 'Allow',
            Principal: { Service: 'cloudfront.amazonaws.com' },
            Action: 's3:GetObject',
            Resource: sub('${FrontendBucket.Arn}/*'),
            Condition: {
              StringEquals: {
                'aws:SourceArn': sub(
                  'arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}',
                ),
              },
            },
          },
        ],
      }),
    },
  });

  const outputs = [
    exportedOutput('FrontendBucketName', 'Name of the bucket that a build is copied to.', bucket.ref),
    exportedOutput(
      'FrontendDistributionId',
      'ID of the distribution, to invalidate what edges have cached.',
      distribution.ref,
    ),
    exportedOutput(
      'FrontendDistributionDomainName',
      "CloudFront's name of the distribution: what the record of the frontend's domain points at.",
      distribution.att('DomainName'),
    ),
  ];
  return {
    fragment: fragment('Frontend', [
      ...[apiDomainName, loadBalancer, domainName, certificateArn, webAclArn, contentSecurityPolicy, logDays],
      ...[spaFallback, priceClass, domainAndCertificate, productionHasCertificate],
      ...[hasLoadBalancerName, hasCertificate, hasWebAcl, isSinglePage],
      ...[logBucket, logBucketPolicy, bucket, accessControl, securityHeaders, pageRoutes, apiHost],
      ...[distribution, bucketPolicy, ...outputs],
    ]),
  };
}

const RUNTIME = 'cloudfront-js-2.0';

/** Only the last segment counts: a directory may have a dot. */
const PAGE_ROUTES = `function handler(event) {
  const request = event.request;
  const name = request.uri.slice(request.uri.lastIndexOf('/') + 1);
  if (!name.includes('.')) request.uri = '/index.html';
  return request;
}
`;

/** Source: CloudFront developer guide, helper methods for origin modification (hostHeader, sni since November 2025), read 2026-11-21. */
const API_HOST = `import cf from 'cloudfront';
const host = '\${ApiDomainName}';
function handler(event) {
  cf.updateRequestOrigin({
    hostHeader: host,
    sni: host,
    allowedCertificateNames: [host, '*' + host.slice(host.indexOf('.'))],
  });
  return event.request;
}
`;
