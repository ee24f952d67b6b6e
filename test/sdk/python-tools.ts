/** The program that converses through the official Python clients: `tools.py BASE_URL FORMAT MODEL TOOL RESULT` prints what came of it, whole and streamed, as JSON. */
export const PYTHON_TOOLS: string = `
import json, sys

base_url, client_name, model, name, result = sys.argv[1:]
question = "What is the weather in Zürich é 日本 🦀?"
schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


def openai():
    from openai import OpenAI
    return OpenAI(api_key="any", base_url=base_url + "/openai/v1", max_retries=0)


def chat(whole):
    client = openai()
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": question}]

    def ask():
        body = dict(model=model, messages=messages, reasoning_effort="medium",
                    tools=[{"type": "function", "function": {"name": name, "parameters": schema}}])
        if whole:
            return client.chat.completions.create(**body)
        with client.chat.completions.stream(**body, stream_options={"include_usage": True}) as stream:
            return stream.get_final_completion()

    first = ask()
    message = first.choices[0].message
    messages.append(message)
    for call in message.tool_calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    second = ask()
    calls = [json.loads(call.function.arguments) for call in message.tool_calls]
    return dict(calls=calls, text=second.choices[0].message.content, total=first.usage.total_tokens)


def responses(whole):
    client = openai()
    items = [{"role": "user", "content": question}]

    def ask():
        body = dict(model=model, instructions="Be brief.", input=items, store=False, include=["reasoning.encrypted_content"],
                    reasoning={"effort": "medium", "summary": "auto"},
                    tools=[{"type": "function", "name": name, "parameters": schema, "strict": False}])
        if whole:
            return client.responses.create(**body)
        return [event for event in client.responses.create(**body, stream=True)][-1].response

    first = ask()
    items.extend(first.output)
    calls = [item for item in first.output if item.type == "function_call"]
    for call in calls:
        items.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    second = ask()
    thoughts = "".join(part.text for item in first.output if item.type == "reasoning" for part in item.summary + (item.content or []))
    return dict(calls=[json.loads(call.arguments) for call in calls], text=second.output_text, thoughts=thoughts,
                total=first.usage.total_tokens)


def runner(whole):
    from anthropic import Anthropic, beta_tool
    client = Anthropic(api_key="any", base_url=base_url + "/anthropic", max_retries=0)
    calls = []

    @beta_tool(name=name)
    def weather(city: str) -> str:
        """Tells the weather of a city.

        Args:
            city: Name of the city.
        """
        calls.append({"city": city})
        return result

    turns = [{"role": "user", "content": question}]
    run = client.beta.messages.tool_runner(model=model, max_tokens=8000, messages=turns, tools=[weather], stream=not whole,
                                           thinking={"type": "enabled", "budget_tokens": 2000})
    final = run.until_done()
    return dict(calls=calls, text="".join(block.text for block in final.content if block.type == "text"))


def messages(whole):
    from anthropic import Anthropic
    client = Anthropic(api_key="any", base_url=base_url + "/anthropic", max_retries=0)
    turns = [{"role": "user", "content": question}]

    def ask():
        body = dict(model=model, max_tokens=8000, system="Be brief.", messages=turns, thinking={"type": "enabled", "budget_tokens": 2000},
                    tools=[{"name": name, "description": "Tells the weather.", "input_schema": schema}])
        if whole:
            return client.messages.create(**body)
        with client.messages.stream(**body) as stream:
            return stream.get_final_message()

    first = ask()
    turns.append({"role": "assistant", "content": first.content})
    calls = [block for block in first.content if block.type == "tool_use"]
    turns.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": result} for call in calls]})
    second = ask()
    usage = first.usage
    return dict(calls=[call.input for call in calls], text="".join(block.text for block in second.content if block.type == "text"),
                thoughts="".join(block.thinking for block in first.content if block.type == "thinking"),
                total=usage.input_tokens + (usage.cache_read_input_tokens or 0) + usage.output_tokens)


converse = {"chat": chat, "responses": responses, "messages": messages, "runner": runner}[client_name]
print(json.dumps([converse(True), converse(False)]))
`;
