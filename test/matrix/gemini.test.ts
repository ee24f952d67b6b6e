import { everyRecordingOf } from './recorded.ts';

everyRecordingOf('gemini');
