import { type Controls, on } from './control.ts';
import { all } from './judgement.ts';

/** Amazon Kinesis, AWS DMS and Amazon MSK: data on its way. */
export const streams: Controls = {
  'Kinesis.1': on('AWS::Kinesis::Stream', (stream) =>
    all([
      () => stream.at('StreamEncryption', 'EncryptionType').is('KMS'),
      () => stream.at('StreamEncryption', 'KeyId').present(),
    ]),
  ),
  'DMS.1': on('AWS::DMS::ReplicationInstance', (instance) => instance.at('PubliclyAccessible').is(false)),
  // Encrypted between brokers unless it says otherwise; clients may be let in without TLS.
  'MSK.1': on('AWS::MSK::Cluster', (cluster) =>
    cluster.at('EncryptionInfo', 'EncryptionInTransit', 'InCluster').isNot(false),
  ),
};
