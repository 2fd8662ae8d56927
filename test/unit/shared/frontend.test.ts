import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { fileInProject } from '../../../lib/project.ts';
import { ACCOUNT, at, committed, deployed, type Statement } from '../staging/committed.ts';

const STACK = 'shared/frontend';
const IMPORTED = 'imported-1234.us-west-2.elb.amazonaws.com';
const CERTIFICATE = `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555`;
const WEB_ACL = `arn:aws:wafv2:us-east-1:${ACCOUNT}:global/webacl/edge/11111111-2222-3333-4444-555555555555`;

const frontend = (parameters: Record<string, string> = {}) =>
  deployed(STACK, { ApiDomainName: 'api.example.com', ...parameters }, { LoadBalancerDnsName: IMPORTED });
const distribution = (parameters: Record<string, string>, path: string) =>
  at(frontend(parameters), 'Distribution', `DistributionConfig.${path}`);
const OWN = { FrontendDomainName: 'www.example.com', FrontendCertificateArn: CERTIFICATE };

describe('below /api/ stands the load balancer', () => {
  test.each<[string, Record<string, string>, string]>([
    ["its own project's, which is imported", {}, IMPORTED],
    [
      "a provider's, whose name is given",
      { LoadBalancerDnsName: 'shared-99.eu-west-1.elb.amazonaws.com' },
      'shared-99.eu-west-1.elb.amazonaws.com',
    ],
  ])('%s', (_, parameters, name) => {
    expect(distribution(parameters, 'Origins.1')).toMatchObject({
      DomainName: name,
      CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] },
    });
  });

  test('a consumer imports nothing', () => {
    const template = deployed(STACK, {
      ApiDomainName: 'api.example.com',
      LoadBalancerDnsName: 'shared-99.eu-west-1.elb.amazonaws.com',
    });
    expect(at(template, 'Distribution', 'DistributionConfig.Origins.1.DomainName')).toBe(
      'shared-99.eu-west-1.elb.amazonaws.com',
    );
    expect(template.findings).toEqual([]);
  });

  test('answers are not cached, and everything but the host is sent on', () => {
    expect(distribution({}, 'CacheBehaviors')).toEqual([
      expect.objectContaining({
        PathPattern: '/api/*',
        TargetOriginId: 'api',
        CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
        OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
      }),
    ]);
  });

  test('it is called by the domain of the API: in the host, in the handshake, against its certificate', () => {
    const calls: object[] = [];
    const request = { uri: '/api/orders', headers: { host: { value: 'www.example.com' } } };
    const answer = edge(String(at(frontend(), 'ApiHost', 'FunctionCode')), { request }, (origin) => calls.push(origin));
    expect(calls).toEqual([
      {
        hostHeader: 'api.example.com',
        sni: 'api.example.com',
        allowedCertificateNames: ['api.example.com', '*.example.com'],
      },
    ]);
    expect(answer).toEqual(request);
  });
});

describe('a single-page application', () => {
  test.each([
    ['/', '/index.html'],
    ['/orders', '/index.html'],
    ['/orders/17/', '/index.html'],
    ['/v1.2/orders', '/index.html'],
    ['/assets/app.3f2a.js', '/assets/app.3f2a.js'],
    ['/favicon.ico', '/favicon.ico'],
    ['/.well-known/security.txt', '/.well-known/security.txt'],
  ])('%s gets %s', (uri, served) => {
    expect(edge(String(at(frontend(), 'PageRoutes', 'FunctionCode')), { request: { uri } })).toEqual({ uri: served });
  });

  test('an error of the API stays one: no error page is put over it', () => {
    expect(distribution({}, 'CustomErrorResponses')).toBeUndefined();
    expect(JSON.stringify(distribution({}, 'CacheBehaviors'))).not.toContain('PageRoutes');
  });

  test('is a switch', () => {
    const template = frontend({ SinglePageApplication: 'false' });
    expect(template.resources.PageRoutes).toBeUndefined();
    expect(
      at(template, 'Distribution', 'DistributionConfig.DefaultCacheBehavior.FunctionAssociations'),
    ).toBeUndefined();
  });
});

describe('who comes in', () => {
  test.each(['FrontendBucket', 'FrontendLogBucket'])('%s is public to nobody', (id) => {
    expect(Object.values(at(frontend(), id, 'PublicAccessBlockConfiguration')!)).toEqual([true, true, true, true]);
    expect(at(frontend(), id, 'AccessControl')).toBeUndefined();
  });

  test('the bucket is read by this distribution only, which signs; nobody lists or writes', () => {
    const statements = at(frontend(), 'FrontendBucketPolicy', 'PolicyDocument.Statement') as unknown as Statement[];
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.map(({ Principal, Action }) => [Principal, Action])).toEqual([
      [{ Service: 'cloudfront.amazonaws.com' }, 's3:GetObject'],
    ]);
    expect(Object.keys(allowed[0]!.Condition!)).toEqual(['StringEquals']);
    const { PolicyDocument } = committed(STACK).Resources.FrontendBucketPolicy!.Properties as unknown as {
      PolicyDocument: { Statement: Statement[] };
    };
    expect(PolicyDocument.Statement.at(-1)!.Condition).toEqual({
      StringEquals: {
        'aws:SourceArn': {
          'Fn::Sub': 'arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}',
        },
      },
    });
    expect(at(frontend(), 'FrontendAccessControl', 'OriginAccessControlConfig')).toMatchObject({
      SigningBehavior: 'always',
      SigningProtocol: 'sigv4',
      OriginAccessControlOriginType: 's3',
    });
  });

  test('viewers speak HTTPS', () => {
    expect(distribution({}, 'DefaultCacheBehavior.ViewerProtocolPolicy')).toBe('redirect-to-https');
    expect(distribution({}, 'CacheBehaviors.0.ViewerProtocolPolicy')).toBe('https-only');
  });

  test('under a domain of its own, TLS 1.2 at least', () => {
    expect(distribution(OWN, 'Aliases')).toEqual(['www.example.com']);
    expect(distribution(OWN, 'ViewerCertificate')).toEqual({
      AcmCertificateArn: CERTIFICATE,
      SslSupportMethod: 'sni-only',
      MinimumProtocolVersion: 'TLSv1.2_2021',
    });
    expect(distribution({}, 'ViewerCertificate')).toEqual({ CloudFrontDefaultCertificate: true });
    expect(distribution({}, 'Aliases')).toBeUndefined();
  });

  test('a web ACL stands before it where one is given', () => {
    expect(distribution({ FrontendWebAclArn: WEB_ACL }, 'WebACLId')).toBe(WEB_ACL);
    expect(distribution({}, 'WebACLId')).toBeUndefined();
  });

  test('both behaviours send the security headers', () => {
    const { DefaultCacheBehavior, CacheBehaviors } = (
      committed(STACK).Resources.Distribution!.Properties as unknown as {
        DistributionConfig: { DefaultCacheBehavior: object; CacheBehaviors: object[] };
      }
    ).DistributionConfig;
    for (const behaviour of [DefaultCacheBehavior, ...CacheBehaviors])
      expect(behaviour).toMatchObject({ ResponseHeadersPolicyId: { Ref: 'SecurityHeaders' } });
    expect(at(frontend(), 'SecurityHeaders', 'ResponseHeadersPolicyConfig.SecurityHeadersConfig')).toMatchObject({
      StrictTransportSecurity: { AccessControlMaxAgeSec: 31536000, Override: true },
      FrameOptions: { FrameOption: 'DENY' },
    });
  });

  test('requests are logged, to a bucket that admits the list by which CloudFront delivers', () => {
    expect(distribution({}, 'Logging.Prefix')).toBe('distribution/');
    expect(at(frontend(), 'FrontendLogBucket', 'OwnershipControls.Rules.0.ObjectOwnership')).toBe(
      'BucketOwnerPreferred',
    );
  });
});

describe('refused', () => {
  test.each<[string, Record<string, string>]>([
    ['no domain of the API', { ApiDomainName: '' }],
    ['a domain that would end the text in the function', { ApiDomainName: "a.example.com';evil('" }],
    ['an address instead of a name', { ApiDomainName: '10.0.0.1' }],
    ['a load balancer that is none', { LoadBalancerDnsName: 'example.com' }],
    [
      'a certificate of another region',
      { ...OWN, FrontendCertificateArn: CERTIFICATE.replace('us-east-1', 'us-west-2') },
    ],
    ['a regional web ACL', { FrontendWebAclArn: WEB_ACL.replace('global', 'regional') }],
    ['a domain without a certificate', { FrontendDomainName: 'www.example.com' }],
    ['a certificate without a domain', { FrontendCertificateArn: CERTIFICATE }],
    ["production under CloudFront's name", { EnvironmentType: 'production' }],
    ['headers in the policy of another', { ContentSecurityPolicy: "default-src 'self'\r\nSet-Cookie: a=b" }],
  ])('%s', (_, parameters) => {
    expect(frontend(parameters).findings).not.toEqual([]);
  });

  test('but not production under a domain of its own', () => {
    expect(frontend({ ...OWN, EnvironmentType: 'production' }).findings).toEqual([]);
  });
});

test('names are of the project and the region: those of CloudFront are global', () => {
  const template = frontend({ EnvironmentSuffix: 'somewhere' });
  expect(at(template, 'PageRoutes', 'Name')).toBe('somewhere-page-routes-us-west-2');
  expect(at(template, 'FrontendAccessControl', 'OriginAccessControlConfig.Name')).toBe('somewhere-frontend-us-west-2');
  expect(at(template, 'FrontendBucket', 'BucketName')).toBe(`somewhere-frontend-${ACCOUNT}-us-west-2`);
  const longest = at(frontend({ EnvironmentSuffix: 'a'.repeat(20) }), 'FrontendLogBucket', 'BucketName');
  expect(String(longest).replace('us-west-2', 'ap-southeast-1').length).toBeLessThanOrEqual(63);
});

test('it deploys without a bucket, writes no account out, and keeps what it holds', () => {
  const text = readFileSync(fileInProject(`templates/${STACK}.yaml`), 'utf8');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(51200);
  expect(text).not.toMatch(/\b[0-9]{12}\b/);
  for (const id of ['FrontendBucket', 'FrontendLogBucket'])
    expect(committed(STACK).Resources[id]).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
});

/** Runs a CloudFront function as the edge does: its module is the only one it can import. */
function edge(code: string, event: object, updateRequestOrigin: (origin: object) => void = () => {}): unknown {
  const script = code.replace("import cf from 'cloudfront';", '');
  return JSON.parse(
    JSON.stringify(runInNewContext(`${script}\nhandler(event)`, { event, cf: { updateRequestOrigin } })),
  );
}
