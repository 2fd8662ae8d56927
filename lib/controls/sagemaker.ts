import { type Controls, on } from './control.ts';

const NOTEBOOK = 'AWS::SageMaker::NotebookInstance';

export const sagemaker: Controls = {
  'SageMaker.1': on(NOTEBOOK, (notebook) => notebook.at('DirectInternetAccess').is('Disabled')),
  'SageMaker.2': on(NOTEBOOK, (notebook) => notebook.at('SubnetId').present()),
  'SageMaker.3': on(NOTEBOOK, (notebook) => notebook.at('RootAccess').is('Disabled')),
};
