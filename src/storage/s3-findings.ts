import type { StoreFindings } from '../core/artifact-store.ts';
import type { S3Location } from '../core/s3-url.ts';
import type { S3Conditions } from './s3-conditions.ts';

/** What a look at an S3 server found out, for a person. */
export function toFindings(location: S3Location, conditions: S3Conditions): StoreFindings {
  const { onPut, onComplete } = conditions;
  const facts = [
    `conditional put: ${yesOrNo(onPut)}`,
    `conditional completion of an upload in parts: ${yesOrNo(onComplete)}`,
    `checksums beside the signature: ${yesOrNo(location.checksums === 'whenSupported')}`,
  ];
  if (onPut && onComplete) return { facts, warnings: [] };
  const what = [...(onPut ? [] : ['put']), ...(onComplete ? [] : ['completed upload'])].join(', ');
  return {
    facts,
    warnings: [
      `the server ignores If-None-Match (${what}): what is at a key is looked at before a write, so two writers of one key in the same moment could replace each other; give nobody else write access to the prefix`,
    ],
  };
}

function yesOrNo(isSo: boolean): string {
  return isSo ? 'yes' : 'no';
}
