"""The differences between providers: encodings, fields and deployment."""

from learning.finetune.account import Account
from learning.finetune.azure import AzureBackend, Principal
from learning.finetune.backend import Backend
from learning.finetune.plan import begin, plan
from learning.finetune.report import plan_lines
from learning.finetune.trainer import Trainer
from storage.jobs import Job, Stage
from storage.server.protocol import Client
from tests.learning.finetune.world import TEAM, backend_of, snapshot, trainer_of, until
from tests.learning.finetuning_server import (
    KEY,
    Fault,
    FinetuningServer,
    azure_table,
    failed,
    finetuning_server,
)


async def begun(redis: Client, backend: Backend) -> tuple[Trainer, Job]:
    trainer = trainer_of(redis, backend)
    what = await plan(trainer, TEAM, backend, snapshot(), 3)
    return trainer, await begin(trainer, TEAM, what, "U1")


def azure_by_hand(server: FinetuningServer, secret: str = "") -> AzureBackend:
    account = Account("Azure", "AZURE_OPENAI_API_KEY", KEY, f"{server.url}/openai/v1/")
    principal = Principal("t1", "c1", secret)
    return AzureBackend("azure", account, azure_table(server), "triage", principal)


async def test_azure_gets_its_training_type_and_a_deployment(redis: Client) -> None:
    async with finetuning_server("azure") as server:
        trainer, job = await begun(redis, backend_of(server))
        done = await until(trainer, job)
        [created] = server.sent("POST jobs")
        assert created["trainingType"] == "globalStandard"
        [deployed] = server.sent("PUT deployment")
        assert deployed["properties"]["model"]["name"] == done.tuned
        assert done.serving in server.deployments


async def test_without_a_service_principal_a_person_deploys_in_azure(redis: Client) -> None:
    async with finetuning_server("azure") as server:
        backend = azure_by_hand(server)
        trainer, job = await begun(redis, backend)
        waiting = await until(trainer, job, lambda one: one.tries > 2)
        assert waiting.stage is Stage.DEPLOYED
        assert f"{waiting.tuned} is not deployed. Deploy it in Foundry as {waiting.serving}" in (
            waiting.problem
        )
        server.deployments[waiting.serving] = {"name": waiting.serving}
        assert (await until(trainer, waiting)).stage is Stage.READY
        text = "\n".join(plan_lines(await plan(trainer, TEAM, backend, snapshot(), 3)))
        assert "the bot cannot deploy the model" in text


async def test_a_refused_service_principal_is_reported_and_retried(redis: Client) -> None:
    async with finetuning_server("azure") as server:
        trainer, job = await begun(redis, azure_by_hand(server, "wrong"))
        waiting = await until(trainer, job, lambda one: one.tries > 1)
        assert waiting.stage is Stage.TRAINED
        assert "Invalid secret" in waiting.problem
        assert "Foundry Owner role" in waiting.problem


async def test_a_failed_deployment_fails_the_job(redis: Client) -> None:
    async with finetuning_server("azure") as server:
        server.fail("POST chat", Fault(failed(404, "DeploymentNotFound")))
        trainer, job = await begun(redis, backend_of(server))
        job = await until(trainer, job, lambda one: one.stage is Stage.DEPLOYED)
        server.deployments[job.serving]["properties"]["provisioningState"] = "Failed"
        done = await until(trainer, job)
        assert done.stage is Stage.FAILED
        assert "Azure did not deploy" in done.problem


async def test_nebius_gets_top_level_hyperparameters_and_deploys_the_last_checkpoint(
    redis: Client,
) -> None:
    async with finetuning_server("nebius") as server:
        trainer, job = await begun(redis, backend_of(server))
        done = await until(trainer, job)
        [created] = server.sent("POST jobs")
        assert created["hyperparameters"]["n_epochs"] == 3
        assert not {"method", "metadata"} & created.keys()
        [deployed] = server.sent("POST adapters")
        assert deployed["source"] == f"{done.remote}:ftckpt-40"
        assert done.serving.endswith("-AbCd")


async def test_a_nebius_adapter_is_deployed_once(redis: Client) -> None:
    async with finetuning_server("nebius") as server:
        server.fail("POST adapters", Fault(failed(500), done=True))
        trainer, job = await begun(redis, backend_of(server))
        assert (await until(trainer, job)).stage is Stage.READY
        assert len(server.deployments) == 1


async def test_an_invalid_nebius_adapter_fails_the_job(redis: Client) -> None:
    async with finetuning_server("nebius") as server:
        trainer, job = await begun(redis, backend_of(server))
        job = await until(trainer, job, lambda one: one.stage is Stage.DEPLOYED)
        [adapter] = server.deployments.values()
        adapter |= {"status": "error", "status_reason": "rank too large"}
        done = await until(trainer, job)
        assert done.stage is Stage.FAILED
        assert "rank too large" in done.problem
