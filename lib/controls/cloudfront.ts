import { type Controls, on } from './control.ts';
import { all, any, fails, type Judgement, when } from './judgement.ts';
import type { Place, Subject } from './place.ts';

const DISTRIBUTION = 'AWS::CloudFront::Distribution';
const ENCRYPTED = ['https-only', 'redirect-to-https'];

const config = (distribution: Subject): Place => distribution.at('DistributionConfig');

const behaviours = (distribution: Subject, judge: (behaviour: Place) => Judgement): Judgement =>
  all([
    () =>
      when(config(distribution).at('DefaultCacheBehavior').present(), () =>
        judge(config(distribution).at('DefaultCacheBehavior')),
      ),
    () => config(distribution).at('CacheBehaviors').every(judge),
  ]);

export const cloudfront: Controls = {
  // Of distributions with an origin in S3: another server has an index of its own.
  'CloudFront.1': on(DISTRIBUTION, (distribution) => {
    const origins = config(distribution).at('Origins');
    return any(
      [
        () => config(distribution).at('DefaultRootObject').present(),
        () =>
          all([
            () => origins.present(),
            () =>
              origins.every((origin) =>
                any([() => origin.at('CustomOriginConfig').present(), () => origin.at('VpcOriginConfig').present()]),
              ),
          ]),
      ],
      fails(config(distribution).here, 'DefaultRootObject is missing'),
    );
  }),
  'CloudFront.3': on(DISTRIBUTION, (distribution) =>
    behaviours(distribution, (behaviour) => behaviour.at('ViewerProtocolPolicy').is(...ENCRYPTED)),
  ),
  'CloudFront.4': on(DISTRIBUTION, (distribution) =>
    config(distribution)
      .at('OriginGroups', 'Items')
      .some(
        (group) =>
          any([() => group.at('Members', 'Items', 1).present(), () => group.at('Members', 'Quantity').atLeast(2)]),
        'no origin group has a second member',
      ),
  ),
  // With cookies and no bucket it is a setting of version 2, whose deliveries stand elsewhere.
  'CloudFront.5': on(DISTRIBUTION, (distribution) => {
    const logging = config(distribution).at('Logging');
    return all([
      () => logging.present('Logging is missing'),
      () => when(logging.at('IncludeCookies').present(), () => logging.at('Bucket').present('Logging names no bucket')),
    ]);
  }),
  'CloudFront.6': on(DISTRIBUTION, (distribution) => config(distribution).at('WebACLId').present()),
  'CloudFront.7': on(DISTRIBUTION, (distribution) => {
    const certificate = config(distribution).at('ViewerCertificate');
    return any([
      () => certificate.at('AcmCertificateArn').present(),
      () => certificate.at('IamCertificateId').present(),
    ]);
  }),
  'CloudFront.8': on(DISTRIBUTION, (distribution) =>
    config(distribution).at('ViewerCertificate', 'SslSupportMethod').is('sni-only'),
  ),
  'CloudFront.9': on(DISTRIBUTION, (distribution) =>
    config(distribution)
      .at('Origins')
      .every((origin) =>
        when(origin.at('CustomOriginConfig').present(), () =>
          any([
            () => origin.at('CustomOriginConfig', 'OriginProtocolPolicy').is('https-only'),
            () =>
              all([
                () => origin.at('CustomOriginConfig', 'OriginProtocolPolicy').is('match-viewer'),
                () => behaviours(distribution, (behaviour) => behaviour.at('ViewerProtocolPolicy').is(...ENCRYPTED)),
              ]),
          ]),
        ),
      ),
  ),
  'CloudFront.10': on(DISTRIBUTION, (distribution) =>
    config(distribution)
      .at('Origins')
      .every((origin) =>
        origin.at('CustomOriginConfig', 'OriginSSLProtocols').every((protocol) => protocol.isNot('SSLv3')),
      ),
  ),
  'CloudFront.13': on(DISTRIBUTION, (distribution) =>
    config(distribution)
      .at('Origins')
      .every((origin) =>
        when(origin.at('S3OriginConfig').present(), () => origin.at('OriginAccessControlId').present()),
      ),
  ),
  'PF.CF.proto': on(DISTRIBUTION, (distribution) =>
    config(distribution)
      .at('ViewerCertificate', 'MinimumProtocolVersion')
      .matches(/TLSv1\.[23]_20[0-9]{2}/, 'TLSv1.2_2018 or later'),
  ),
};
