import { type Controls, on } from './control.ts';
import { all, any, type Judgement } from './judgement.ts';
import type { Place, Subject } from './place.ts';
import { AN_ARN, matching } from './tests.ts';

const DOMAIN = 'AWS::OpenSearchService::Domain';
const ELASTICSEARCH = 'AWS::Elasticsearch::Domain';

/**
 * TLS 1.2 at least, and forward secrecy: AWS asks for the latest policy, and no longer takes `Policy-Min-TLS-1-2-2019-07`.
 * Source: AWS Security Hub user guide, Opensearch.8 and ES.8, read 2026-11-21.
 */
const MODERN = matching(
  /Policy-Min-TLS-1-2-(PFS|RFC9151)-.+|Policy-Min-TLS-1-3-.+/,
  'Policy-Min-TLS-1-2-PFS-2023-10 or stricter',
  ['Policy-Min-TLS-1-2-2019-07', 'Policy-Min-TLS-1-2-PFS-2023-10'],
);

const publishes = (domain: Subject, log: string): Judgement => {
  const options = domain.at('LogPublishingOptions', log);
  // Off by default, also where a log group is given.
  return all([() => options.at('CloudWatchLogsLogGroupArn').test(AN_ARN), () => options.at('Enabled').is(true)]);
};

const inVpc = (domain: Subject): Judgement => domain.at('VPCOptions', 'SubnetIds').present();
const encrypted = (domain: Subject): Judgement => domain.at('EncryptionAtRestOptions', 'Enabled').is(true);
const betweenNodes = (domain: Subject): Judgement => domain.at('NodeToNodeEncryptionOptions', 'Enabled').is(true);

const overHttps = (domain: Subject): Judgement =>
  all([
    () => domain.at('DomainEndpointOptions', 'EnforceHTTPS').is(true),
    () => domain.at('DomainEndpointOptions', 'TLSSecurityPolicy').test(MODERN),
  ]);

/** Three data nodes over zones. */
const dataNodes = (cluster: Place): Judgement =>
  all([() => cluster.at('ZoneAwarenessEnabled').is(true), () => cluster.at('InstanceCount').atLeast(3)]);

/** Three dedicated master nodes, which is also what AWS makes where no count is given. */
const masterNodes = (cluster: Place): Judgement =>
  all([
    () => cluster.at('DedicatedMasterEnabled').is(true),
    () => any([() => cluster.at('DedicatedMasterCount').absent(), () => cluster.at('DedicatedMasterCount').atLeast(3)]),
  ]);

export const opensearch: Controls = {
  'ES.1': on(ELASTICSEARCH, encrypted),
  'ES.2': on(ELASTICSEARCH, inVpc),
  'ES.3': on(ELASTICSEARCH, betweenNodes),
  'ES.4': on(ELASTICSEARCH, (domain) => publishes(domain, 'ES_APPLICATION_LOGS')),
  'ES.5': on(ELASTICSEARCH, (domain) => publishes(domain, 'AUDIT_LOGS')),
  'ES.6': on(ELASTICSEARCH, (domain) => dataNodes(domain.at('ElasticsearchClusterConfig'))),
  'ES.7': on(ELASTICSEARCH, (domain) => masterNodes(domain.at('ElasticsearchClusterConfig'))),
  'ES.8': on(ELASTICSEARCH, overHttps),
  'Opensearch.1': on(DOMAIN, encrypted),
  'Opensearch.2': on(DOMAIN, inVpc),
  'Opensearch.3': on(DOMAIN, betweenNodes),
  'Opensearch.4': on(DOMAIN, (domain) => publishes(domain, 'ES_APPLICATION_LOGS')),
  'Opensearch.5': on(DOMAIN, (domain) => publishes(domain, 'AUDIT_LOGS')),
  'Opensearch.6': on(DOMAIN, (domain) => dataNodes(domain.at('ClusterConfig'))),
  'Opensearch.7': on(DOMAIN, (domain) => domain.at('AdvancedSecurityOptions', 'Enabled').is(true)),
  'Opensearch.8': on(DOMAIN, overHttps),
  'Opensearch.11': on(DOMAIN, (domain) => masterNodes(domain.at('ClusterConfig'))),
};
