import { everyRecordingOf } from './recorded.ts';

everyRecordingOf('anthropic-messages');
