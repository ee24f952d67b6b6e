import { everyRecordingOf } from './recorded.ts';

everyRecordingOf('bedrock-converse');
