"""Starts MiniStack with five corrections towards AWS, each of which lets this check see more.

They belong to the version that requirements.txt pins; a name that is not there any more fails the start.
docs/deploy-check.md lists them.
"""

import json
import os
import re
import signal
import threading
import time

import ministack.app
from ministack.core import iam_actions
from ministack.services import lambda_svc, secretsmanager, ses_v2, stepfunctions
from ministack.services.cloudformation import provisioners


def correct_references_of_secrets():
    """`Ref` of AWS::SecretsManager::Secret is the ARN; with the name, policies made of it would allow nothing."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def name_of(arn):
        return secretsmanager._resolve(arn)[0] or arn

    def with_arn(made):
        return made[1]["Arn"], made[1]

    handlers["create"] = lambda *given: with_arn(create(*given))
    handlers["update"] = lambda arn, *given, **named: with_arn(update(name_of(arn), *given, **named))
    handlers["delete"] = lambda arn, *given: delete(name_of(arn), *given)


def correct_resources_of_task_tokens():
    """The resource of SendTaskSuccess and its like is the state machine that waits, not `*`."""
    execute, arn_of = stepfunctions._execute_task, iam_actions.extract_resource_arn
    waiting, lock = {}, threading.Lock()

    def execute_task(state, given, execution, context):
        with lock:
            waiting[id(context)] = context
        try:
            return execute(state, given, execution, context)
        finally:
            with lock:
                waiting.pop(id(context), None)

    def extract_resource_arn(service, method, path, headers, body, *more):
        arn = arn_of(service, method, path, headers, body, *more)
        if service != "states" or arn != "*":
            return arn
        try:
            token = json.loads(body).get("taskToken")
        except ValueError:
            return arn
        with lock:
            contexts = list(waiting.values())
        for context in contexts:
            if token is not None and context.get("Task", {}).get("Token") == token:
                return context["StateMachine"]["Id"]
        return arn

    stepfunctions._execute_task = execute_task
    iam_actions.extract_resource_arn = extract_resource_arn


def correct_resources_of_mails():
    """The resource of SendEmail is the identity that covers the sender, the address or its domain, not `*`."""
    arn_of = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query, region, account):
        arn = arn_of(service, method, path, headers, body, query, region, account)
        if arn != "*" or not path.endswith("/v2/email/outbound-emails"):
            return arn
        sender = json.loads(body).get("FromEmailAddress", "")
        address = re.search(r"[^\s<]+@[^\s>]+", sender)
        if not address:
            return arn
        known = ses_v2._identities
        identity = next((name for name in (address[0], address[0].split("@")[1]) if name in known), address[0])
        return f"arn:aws:ses:{region}:{account}:identity/{identity}"

    iam_actions.extract_resource_arn = extract_resource_arn


def correct_names_of_errors():
    """The errorType of a Node.js Lambda is the name of what it threw; Retry and Catch match on it."""
    execute = lambda_svc._execute_function_warm

    def execute_function_warm(func, event, request_id):
        result = execute(func, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            # A stack begins with name and message.
            thrown = re.search(
                r"^([A-Za-z_.]\w*): " + re.escape(body["errorMessage"]), result.get("log", ""), re.MULTILINE
            )
            if thrown:
                body["errorType"] = thrown.group(1)
        return result

    lambda_svc._execute_function_warm = execute_function_warm


def correct_filters_of_absent_members():
    """`exists: false` is true of a member whose parent is missing, too: patterns are matched path by path."""
    matches = lambda_svc._match_esm_filter

    def is_absence(pattern):
        if isinstance(pattern, dict):
            return all(is_absence(inner) for inner in pattern.values())
        return isinstance(pattern, list) and any(
            isinstance(one, dict) and one.get("exists") is False for one in pattern
        )

    def match_esm_filter(record, pattern):
        if not isinstance(pattern, dict):
            return False
        for key, inner in pattern.items():
            value = record.get(key)
            if not isinstance(inner, dict):
                if not matches(record, {key: inner}):
                    return False
            elif not (match_esm_filter(value, inner) if isinstance(value, dict) else is_absence(inner)):
                return False
        return True

    lambda_svc._match_esm_filter = match_esm_filter


def end_with(parent):
    """Ends this process and its Lambdas when the one that started it is gone, however that ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(0, signal.SIGKILL)


correct_references_of_secrets()
correct_resources_of_task_tokens()
correct_resources_of_mails()
correct_names_of_errors()
correct_filters_of_absent_members()
# Where it may, it would take port 443 besides the one that it is told.
ministack.app._port_is_bindable = lambda *_: False
threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
ministack.app.main()
