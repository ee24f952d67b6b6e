/** The program that drives the official Python client: `client.py BASE_URL SCENARIO MODEL` prints what it read as JSON. */
export const PYTHON_CLIENT: string = `
import base64, json, re, sys
from openai import OpenAI, APIError

base_url, scenario, model = sys.argv[1:]
client = OpenAI(api_key="any", base_url=base_url, max_retries=0)
messages = [{"role": "user", "content": "Hello."}]


def text(model):
    told = {}
    whole, stream = model + "-whole", model + "-stream"
    answer = client.chat.completions.create(model=whole, messages=messages)
    told["chat_whole"] = [answer.choices[0].message.content, answer.choices[0].finish_reason, answer.usage.total_tokens]
    pieces, finish = [], None
    for chunk in client.chat.completions.create(model=stream, messages=messages, stream=True):
        pieces.append(chunk.choices[0].delta.content or "")
        finish = chunk.choices[0].finish_reason or finish
    told["chat_stream"] = ["".join(pieces), finish]
    with client.chat.completions.stream(model=stream, messages=messages, stream_options={"include_usage": True}) as runner:
        final = runner.get_final_completion()
    told["chat_runner"] = [final.choices[0].message.content, final.usage.total_tokens]
    answer = client.responses.create(model=whole, input="Hello.")
    told["responses_whole"] = [answer.output_text, answer.status, answer.usage.total_tokens]
    events = list(client.responses.create(model=stream, input="Hello.", stream=True))
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    told["responses_stream"] = [deltas, events[0].type, events[-1].type]
    with client.responses.stream(model=stream, input="Hello.") as runner:
        final = runner.get_final_response()
    told["responses_runner"] = [final.output_text, final.usage.total_tokens]
    answer = client.completions.create(model=whole, prompt="Hello.")
    told["completions_whole"] = [answer.choices[0].text, answer.choices[0].finish_reason]
    chunks = client.completions.create(model=stream, prompt="Hello.", stream=True)
    told["completions_stream"] = "".join(chunk.choices[0].text for chunk in chunks)
    return told


def calls(model):
    told = {}
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": schema}}]
    flat = [{"type": "function", "name": "get_weather", "parameters": schema, "strict": False}]
    of_chat = lambda answer: [(c.id, c.function.name, c.function.arguments) for c in answer.choices[0].message.tool_calls][0]
    of_response = lambda answer: [(c.call_id, c.name, c.arguments) for c in answer.output if c.type == "function_call"][0]
    told["chat_whole"] = of_chat(client.chat.completions.create(model=model + "-whole", messages=messages, tools=tools))
    with client.chat.completions.stream(model=model + "-stream", messages=messages, tools=tools) as runner:
        told["chat_runner"] = of_chat(runner.get_final_completion())
    told["responses_whole"] = of_response(client.responses.create(model=model + "-whole", input="Hello.", tools=flat))
    with client.responses.stream(model=model + "-stream", input="Hello.", tools=flat) as runner:
        told["responses_runner"] = of_response(runner.get_final_response())
    return told


def raised(call):
    try:
        call()
    except APIError as error:
        return [type(error).__name__, getattr(error, "status_code", None), error.code]
    return None


def errors(model):
    refused, cut = model + "-refused", model + "-cut"
    return {
        "refused_chat": raised(lambda: client.chat.completions.create(model=refused, messages=messages, stream=True)),
        "refused_responses": raised(lambda: client.responses.create(model=refused, input="Hello.", stream=True)),
        "refused_completions": raised(lambda: client.completions.create(model=refused, prompt="Hello.", stream=True)),
        "cut_chat": raised(lambda: list(client.chat.completions.create(model=cut, messages=messages, stream=True))),
        "cut_responses": raised(lambda: list(client.responses.create(model=cut, input="Hello.", stream=True))),
        "cut_completions": raised(lambda: list(client.completions.create(model=cut, prompt="Hello.", stream=True))),
        "cut_whole": raised(lambda: client.chat.completions.create(model=cut, messages=messages)),
    }


def audio(provider):
    speak = lambda name, **more: client.audio.speech.create(
        model=f"{provider}/{name}", input="Hello.", voice="alloy", response_format="wav", **more
    ).read()
    joined = lambda body: base64.b64encode(b"".join(base64.b64decode(a) for a in re.findall(r'"audio":"([^"]+)"', body.decode()))).decode()
    told = {
        "raw": base64.b64encode(speak("voice")).decode(),
        "events": joined(speak("voice-sse", stream_format="sse")),
        "wrapped": joined(speak("voice", stream_format="sse")),
        "whole": [],
        "streamed": [],
    }
    for name in ("ear", "ear-whole"):
        with open("audio.wav", "rb") as file:
            told["whole"].append(client.audio.transcriptions.create(model=f"{provider}/{name}", file=file).text)
        with open("audio.wav", "rb") as file:
            events = list(client.audio.transcriptions.create(model=f"{provider}/{name}", file=file, stream=True))
        deltas = "".join(event.delta for event in events if event.type == "transcript.text.delta")
        told["streamed"].append([deltas, events[-1].text])
    return told


print(json.dumps({"text": text, "calls": calls, "errors": errors, "audio": audio}[scenario](model)))
`;
