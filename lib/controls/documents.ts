import { type Controls, on } from './control.ts';
import { encrypted } from './rds.ts';
import { matching } from './tests.ts';

const DOCUMENTS = 'AWS::DocDB::DBCluster';
const GRAPH = 'AWS::Neptune::DBCluster';
const ORIGINS = ['SnapshotIdentifier', 'SourceDBClusterIdentifier'];
const AUDIT = matching(/audit/, 'audit');

/** Amazon DocumentDB and Amazon Neptune, which are built alike. */
export const documents: Controls = {
  'DocumentDB.1': on(DOCUMENTS, (cluster) => encrypted(cluster, ORIGINS)),
  'DocumentDB.2': on(DOCUMENTS, (cluster) => cluster.at('BackupRetentionPeriod').atLeast(7)),
  'DocumentDB.4': on(DOCUMENTS, (cluster) =>
    cluster.at('EnableCloudwatchLogsExports').some((log) => log.test(AUDIT), 'it does not export the audit log'),
  ),
  'DocumentDB.5': on(DOCUMENTS, (cluster) => cluster.at('DeletionProtection').is(true)),
  'Neptune.1': on(GRAPH, (cluster) => encrypted(cluster, ORIGINS)),
  'Neptune.2': on(GRAPH, (cluster) =>
    cluster.at('EnableCloudwatchLogsExports').some((log) => log.test(AUDIT), 'it does not export the audit log'),
  ),
  'Neptune.4': on(GRAPH, (cluster) => cluster.at('DeletionProtection').is(true)),
  'Neptune.5': on(GRAPH, (cluster) => cluster.at('BackupRetentionPeriod').atLeast(7)),
  'Neptune.7': on(GRAPH, (cluster) => cluster.at('IamAuthEnabled').is(true)),
  'Neptune.8': on(GRAPH, (cluster) => cluster.at('CopyTagsToSnapshot').is(true)),
};
